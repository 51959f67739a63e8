//! What a router is, whatever its make: where it stands ([`Topology`]), what it does with every packet ([`Behaviour`]),
//! and what a reader tells of its configuration ([`Configuration`]). Both the policy and the readers of router
//! configurations speak in these words, so that they can be compared; neither knows the other.

mod behaviour;
mod configuration;
mod ground;
mod limits;
mod obstacle;
mod topology;

pub use behaviour::{Behaviour, Dnat, Outcome, Snat};
pub use configuration::{Addition, Configuration, Facts, File, Line, Scope, Trace, Tracked, Unreadable};
pub use ground::{Addressed, Dhcp, Ground, Lease, Pool, hardware};
pub use limits::{Limit, Limits};
pub use obstacle::{Obstacle, blank, without};
pub use topology::{Interface, LOCAL, OTHER, Topology, number};
