//! The target-neutral rulebook: what a router has to be told, in the vocabulary that routers share.
//!
//! Taken from the same flows as the policy's meaning. Here the stand-ins of what is not known (a delegated prefix, an
//! address that DHCP assigns) are turned back into "whatever is behind this interface" and "this host part", so that
//! no stand-in can ever be written into a configuration.

mod addresses;
mod origin;
mod request;
mod rulebook;
mod uplinks;

pub use addresses::{Addresses, HostParts, Unsayable, suffix_text};
pub use origin::Origins;
pub use request::Request;
pub use rulebook::{Line, Pair, Rulebook, rulebook};
pub use uplinks::without_ds_lite;
