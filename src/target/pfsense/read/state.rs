//! What has happened to packets on their way.

use std::{collections::BTreeMap, net::IpAddr};

use crate::packet::{Set, Space};

/// What has become of the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    Original,
    To {
        address: IpAddr,
        port: Option<u16>,
    },
    /// Rewritten, to what cannot be told.
    Unknown,
}

/// What has become of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Original,
    /// The address of the interface that the packet leaves by.
    Interface,
    Address(IpAddr),
    Unknown,
}

/// Packets with the same history are held as one set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    pub destination: Destination,
    pub source: Source,
    /// Is the source port what it was?
    pub port_kept: bool,
    pub tag: String,
    /// Let through by the redirection itself.
    pub passed: bool,
}

impl State {
    pub fn fresh() -> Self {
        Self {
            destination: Destination::Original,
            source: Source::Original,
            port_kept: true,
            tag: String::new(),
            passed: false,
        }
    }
}

/// Packets by what has happened to them. A packet can be in several sets, if that cannot be told.
pub type Flow = BTreeMap<State, Set>;

/// Adds packets of one history.
pub fn join(space: &mut Space, flow: &mut Flow, state: State, packets: Set) {
    if packets != Set::EMPTY {
        let entry = flow.entry(state).or_insert(Set::EMPTY);
        *entry = space.union(*entry, packets);
    }
}

/// Where on its way a packet is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Arriving,
    Leaving,
    /// Out by the loopback device, and in again.
    LoopbackOut,
    LoopbackIn,
}

/// Which packets of TCP are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// SYN and nothing else: the first of a connection.
    First,
    /// Anything that is no SYN.
    Stray,
}
