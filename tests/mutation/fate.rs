//! What becomes of one packet, as a judge sees it.

/// What connection tracking makes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    New,
    Established,
    Related,
    Invalid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Dropped,
    Passed {
        to: Option<(u128, Option<u16>)>,
        from: Option<Source>,
    },
    /// The versions that load the files are not of one mind.
    Either,
}

/// What stands in the place of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Router,
    Address(u128),
}
