//! Products of one value set a field.

use super::{Field, Packet, Ranges};

/// The packets that satisfy one constraint a field; a field without one takes any value.
///
/// Equal cubes that are not empty are equal values: a constraint that holds the whole field is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cube(Vec<(Field, Ranges)>);

impl Cube {
    /// Every packet.
    #[must_use]
    pub const fn any() -> Self {
        Self(Vec::new())
    }

    /// These packets as far as `field` also lies in `values`.
    #[must_use]
    pub fn with(mut self, field: Field, values: Ranges) -> Self {
        let both = match self.get(field) {
            Some(have) => have.intersect(&values),
            None => values,
        };
        self.set(field, Some(both));
        self
    }

    /// The constraint of a field, if there is one.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&Ranges> {
        self.0.iter().find(|(have, _)| *have == field).map(|(_, values)| values)
    }

    /// Replaces the constraint of a field; `None` frees it.
    pub fn set(&mut self, field: Field, values: Option<Ranges>) {
        self.0.retain(|(have, _)| *have != field);
        let Some(mut values) = values.filter(|values| !values.is_full(field)) else { return };
        if values.last() > Some(field.max()) {
            values = values.intersect(&Ranges::full(field));
        }
        let at = self.0.partition_point(|(have, _)| *have < field);
        self.0.insert(at, (field, values));
    }

    /// Is there no packet in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().any(|(_, values)| values.is_empty())
    }

    #[must_use]
    pub fn contains(&self, packet: &Packet) -> bool {
        self.0.iter().all(|(field, values)| values.contains(packet.value(*field)))
    }

    /// The constrained fields in diagram order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Field, &Ranges)> {
        self.0.iter().map(|(field, values)| (*field, values))
    }

    pub(super) fn into_parts(self) -> impl Iterator<Item = (Field, Ranges)> {
        self.0.into_iter()
    }

    /// The packets in both, again one cube.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        other.iter().fold(self.clone(), |cube, (field, values)| cube.with(field, values.clone()))
    }
}
