//! What a policy means, from the model alone: which first packets pass, and how they are translated.
//!
//! The rules, exposures and VPNs become [`Flow`]s and [`Forward`]s: plain statements of who may open what to whom, each
//! with its cause. [`meaning`] makes of them the router's [`crate::router::Behaviour`]; the plan makes of them what a
//! router has to be told.

mod cause;
mod causes;
mod cubes;
mod describe;
mod flow;
mod forward;
mod meaning;
mod meant;
mod reaching;
pub mod seen;
mod standing;

pub use cause::Cause;
pub use causes::let_through;
pub use cubes::{unicast, within};
pub use describe::{describe, socket};
pub use flow::{
    Destination, Flow, Flows, Source, baseline, flows, leaves, neighbours, on_their_links, output_baseline,
};
pub use forward::{Forward, Original, forwards};
pub use meaning::{BURST, Meaning, flow_set, meaning};
pub use meant::Meant;
pub use reaching::{between, has_dates, undated};
pub use standing::{Standing, zone_number};
