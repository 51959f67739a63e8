//! A policy's meaning, with everything that is needed to ask it something.

use super::{Meaning, Standing};
use crate::{packet::Space, router::Limits};

/// What a policy means where its router stands.
pub struct Meant {
    pub standing: Standing,
    pub meaning: Meaning,
    pub limits: Limits,
    pub space: Space,
    /// How many paths a finding about chains of hosts shows.
    pub paths: usize,
}
