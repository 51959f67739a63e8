//! Lists of addresses under a name.

use jiff::civil::Date;

use crate::{diagnostic::Span, model::address::AddressSet};

/// The number of a list in [`super::Network::ranges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangesId(pub usize);

/// `ranges`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRanges {
    pub name: String,
    pub span: Span,
    /// Empty when nothing of the policy asks for it.
    pub addresses: AddressSet,
    /// The day on which it was last compared with what its publisher says.
    pub checked: Option<(Date, Span)>,
    /// The lists that it is put together from.
    pub parts: Vec<RangesId>,
    /// Does it come with hedgerow?
    pub standard: bool,
}
