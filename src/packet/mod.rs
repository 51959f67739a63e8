//! Exact sets of packets. Ground floor: knows nothing of policies, names or files.
//!
//! A packet is the first packet of a connection as a router sees it. A [`Set`] is any set of such packets, held as a
//! node of a hash-consed interval decision diagram in a [`Space`]; two sets of one space are equal exactly when their
//! handles are equal.

mod address;
mod apply;
mod bounds;
mod build;
mod cache;
mod cube;
mod cubes;
mod decide;
mod field;
mod measure;
mod project;
mod ranges;
mod space;
mod store;
mod witness;

pub use address::{addresses, prefix, suffix};
pub use bounds::Bounds;
pub use cube::Cube;
pub use field::{Family, Field, Packet, Side, icmp};
pub use ranges::Ranges;
pub use space::{Set, Space};
