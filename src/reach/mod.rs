//! Who reaches whom: single steps, and chains of hosts of which each reaches the next.
//!
//! The hosts and the other addresses of every zone are put into classes that no rule tells apart, so that ten thousand
//! hosts do not make a hundred million edges.

mod all_paths;
mod chain;
mod change;
mod classes;
mod difference;
mod explain;
mod graph;
mod held_back;
mod name;
mod path;
mod proxies;
mod public_name;
mod question;
mod relayed;
mod triples;
mod tunnelled;
mod when;
mod within;
mod words;

pub use chain::{chains, never};
pub use classes::{Class, Classes, Leg};
pub use difference::{Change, ChangeKind, Version, changes};
pub use explain::{Answer, Case, Reason, Verdict, answer};
pub use graph::{Edge, Graph, Kind, Node, NodeKind, graph, notes as graph_notes};
pub use name::{address_name, describe_sent, region_name};
pub use path::{Path, Step, service_words};
pub use public_name::ByName;
pub use question::{Question, ask};
pub use triples::{Triple, triples};
pub use words::{service_list, side_addresses, side_name};
