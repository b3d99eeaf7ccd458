//! Trusted devices in the table.

use super::Store;
use super::key::DEVICES;
use crate::device::{DeviceId, DeviceToken, TrustedDevice};
use crate::event::EventKind;
use crate::table::{
    self, Change, Key, StoreError, TransactWriteItem, Update, Updated, failed, number, send, text,
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

    /// An account, and the device with this token, if that is one of it: the same read for any account, or none. 1 RT, 1 RU;
    /// 2 RU with a token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_user_with_device(
        &self,
        user_id: &UserId,
        token: Option<&DeviceToken>,
    ) -> Result<(Option<User>, Option<TrustedDevice>), StoreError> {
        let Some(token) = token else {
            return Ok((self.get_user(user_id).await?, None));
        };
        let keys = [Key::user(user_id), token.key(user_id)];
        let read = self.table.batch_get("get user with device", keys.to_vec());
        let mut items = read.await?;
        let user = table::take(&mut items, &keys[0])?;
        Ok((user, table::take(&mut items, &keys[1])?))
    }

    /// The devices of an account, the newest first, whether or not they still count; a hundred at most. Strongly consistent.
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
            .scan_index_forward(false)
            .key_condition_expression("pk = :pk AND begins_with(sk, :devices)")
            .expression_attribute_values(":pk", text(&Key::user(user_id).pk))
            .expression_attribute_values(":devices", text(DEVICES));
        let output = send(|| query.clone().send())
            .await
            .map_err(|error| failed("list devices", &error))?;
        let items = output.items.unwrap_or_default().into_iter();
        items.map(table::read).collect()
    }

    /// Forgets a device. Whether there was one. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_device(
        &self,
        user_id: &UserId,
        id: &DeviceId,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let update = Update::new(Key::device(user_id, id), change)
            .set("forgotten_at", number(change.at.as_millis()))
            .events([EventKind::DeviceForgotten])
            .when_absent("forgotten_at");
        let updated = self.table.update("forget device", update).await?;
        Ok(matches!(updated, Updated::Done(_)))
    }
}
