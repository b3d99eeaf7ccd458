//! Trusted devices in the table.

use super::Store;
use super::key::DEVICES;
use crate::device::{DeviceId, DeviceToken, TrustedDevice};
use crate::table::{
    self, Change, Key, StoreError, TransactError, TransactWriteItem, failed, send, text,
};
use crate::user::{User, UserId};

impl Store {
    /// The part of a transaction from which on a device is trusted. 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn trusting(
        &self,
        user: &User,
        device: &TrustedDevice,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = Key::device(&user.id, &device.id);
        table::put_new(&self.table, table::new_item(key, device, change)?)
    }

    /// An account, and the device with this token, if that is one of it. 1 RT, 1 RU; 2 RU with a device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_user_with_device(
        &self,
        user_id: &UserId,
        token: Option<&DeviceToken>,
    ) -> Result<(Option<User>, Option<TrustedDevice>), StoreError> {
        let own = token.filter(|token| token.user_id() == *user_id);
        let Some(token) = own else {
            return Ok((self.get_user(user_id).await?, None));
        };
        let keys = [Key::user(user_id), token.key()];
        let read = self.table.batch_get("get user with device", keys.to_vec());
        let mut items = read.await?;
        let user = table::take(&mut items, &keys[0])?;
        Ok((user, table::take(&mut items, &keys[1])?))
    }

    /// The devices of an account, the oldest first, whether or not they still count; a hundred at most. Strongly consistent.
    /// 1 RT, by size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_devices(&self, user_id: &UserId) -> Result<Vec<TrustedDevice>, StoreError> {
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .consistent_read(true)
            .limit(100)
            .key_condition_expression("pk = :pk AND begins_with(sk, :devices)")
            .expression_attribute_values(":pk", text(&Key::user(user_id).pk))
            .expression_attribute_values(":devices", text(DEVICES));
        let output = send(|| query.clone().send())
            .await
            .map_err(|error| failed("list devices", &error))?;
        let items = output.items.unwrap_or_default().into_iter();
        items.map(table::read).collect()
    }

    /// Forgets a device. Whether there was one. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_device(&self, user_id: &UserId, id: &DeviceId) -> Result<bool, StoreError> {
        let key = Key::device(user_id, id);
        let delete = table::delete_when(&self.table, key, &[("id", text(id))])?;
        match self.table.transact("forget device", vec![delete]).await {
            Ok(()) => Ok(true),
            Err(TransactError::Refused(_)) => Ok(false),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
