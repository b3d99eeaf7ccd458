//! Primary keys. How the keys of the kernel's entities are spelled, the store knows.

use aws_sdk_dynamodb::types::AttributeValue;

use super::RawItem;

/// Where an item lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its partition.
    pub pk: String,
    /// Its place in the partition.
    pub sk: String,
}

impl Key {
    /// A key of a partition and a place in it.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// Of an item.
    #[must_use]
    pub fn of(item: &RawItem) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        Some(Self::new(text("pk")?, text("sk")?))
    }

    /// As the SDK takes it.
    #[must_use]
    pub fn into_attributes(self) -> RawItem {
        RawItem::from([
            ("pk".to_owned(), AttributeValue::S(self.pk)),
            ("sk".to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}
