//! Where a packet is on its way through the hooks, and what has happened to it before.

use std::net::IpAddr;

use super::{ast::Hook, eval_conntrack::Bits};
use crate::router::Tracked;

/// What connection tracking takes the packets for. Each class is followed on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The first packet of a connection.
    New,
    /// A later packet of a connection, seen with the addresses of the direction that it travels in.
    Established,
    /// An ICMP error about a connection, or the first packet of a connection that a helper expects.
    Related,
    /// A packet that belongs to no connection and opens none.
    Invalid,
}

impl From<Tracked> for Class {
    fn from(tracked: Tracked) -> Self {
        match tracked {
            Tracked::First => Self::New,
            Tracked::Known => Self::Established,
            Tracked::Related => Self::Related,
            Tracked::Stray => Self::Invalid,
        }
    }
}

/// Has connection tracking seen the packet?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tracking {
    /// Not yet: before priority -200 of prerouting and output.
    Before,
    /// `notrack` has been said.
    Refused,
    Done,
}

/// What has become of the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    Original,
    To {
        address: IpAddr,
        port: Option<u16>,
    },
    /// `redirect`: the address of the arriving interface, or of the loopback interface for the router's own packets.
    ToRouter {
        port: Option<u16>,
    },
    /// Rewritten, to what cannot be told.
    Unknown,
}

/// What has become of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Original,
    Masquerade,
    To { address: IpAddr },
    Unknown,
}

/// What has happened to packets so far. Packets with the same history are held as one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    pub destination: Destination,
    /// Did rewriting the destination change it? Otherwise the connection does not count as translated.
    pub changed: bool,
    pub source: Source,
    pub tracking: Tracking,
    pub mark: Bits,
    pub connection_mark: Bits,
}

impl State {
    pub const FRESH: Self = Self {
        destination: Destination::Original,
        changed: false,
        source: Source::Original,
        tracking: Tracking::Before,
        mark: Bits::exact(0),
        connection_mark: Bits::exact(0),
    };
}

/// What a hook knows of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The coordinate of the packet.
    Field,
    /// None: the kernel compares with an empty name (`nft_meta_store_ifname`).
    Absent,
    /// The loopback interface.
    Loopback,
}

/// The stage of the way at which a chain is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub hook: Hook,
    pub arriving: View,
    pub leaving: View,
    /// Sent by the router itself.
    pub own: bool,
    /// Connection tracking may or may not have been asked: a chain at exactly its priority.
    pub beside_conntrack: bool,
}
