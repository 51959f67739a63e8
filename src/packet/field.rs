//! The fields of a packet, in the order in which the diagram tests them.

/// Address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

/// One end of a connection, where a constraint may apply to either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Src,
    Dst,
}

impl Side {
    /// The coordinate of the address's upper 64 bits.
    #[must_use]
    pub const fn high(self) -> Field {
        match self {
            Self::Src => Field::SrcHigh,
            Self::Dst => Field::DstHigh,
        }
    }

    /// The coordinate of the address's lower 64 bits.
    #[must_use]
    pub const fn low(self) -> Field {
        match self {
            Self::Src => Field::SrcLow,
            Self::Dst => Field::DstLow,
        }
    }
}

/// One coordinate of a packet. The order of the variants is the order of the diagram.
///
/// Addresses take two coordinates of 64 bits each, so that "the host part is `::10` below whatever prefix" is an
/// exact, small set. An IPv4 address `a` is `High = (a as u64) << 32`, with `Low` unconstrained (all of `0..=u64::MAX`),
/// so `0.0.0.0/0` is the full range of `High` and a prefix of either family is one range of `High` or of `Low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Field {
    /// Arriving interface: 0 is the router itself, 1.. are its interfaces, 65535 any other interface.
    In,
    /// Leaving interface as routing decides it, after any destination translation; the same numbers.
    Out,
    /// 0 is IPv4, 1 is IPv6.
    Family,
    /// IP protocol number, 0..=255.
    Proto,
    DstHigh,
    DstLow,
    SrcHigh,
    SrcLow,
    /// Destination port; for ICMP of either family `type << 8 | code`; unconstrained for protocols without ports.
    DstPort,
    /// Source port; unconstrained for protocols without ports.
    SrcPort,
    /// Minute of the week in UTC, 0..=10079, 0 is Monday 00:00.
    Minute,
    /// Which rate limit is exceeded at this moment: 0 none, k the k-th limit that the caller numbered.
    Exceeded,
}

impl Field {
    /// All fields in diagram order.
    pub const ALL: [Self; 12] = [
        Self::In,
        Self::Out,
        Self::Family,
        Self::Proto,
        Self::DstHigh,
        Self::DstLow,
        Self::SrcHigh,
        Self::SrcLow,
        Self::DstPort,
        Self::SrcPort,
        Self::Minute,
        Self::Exceeded,
    ];

    /// The largest value that the field takes; the smallest is 0.
    #[must_use]
    pub const fn max(self) -> u64 {
        match self {
            Self::Family => 1,
            Self::Proto => 0xff,
            Self::In | Self::Out | Self::DstPort | Self::SrcPort | Self::Exceeded => 0xffff,
            Self::DstHigh | Self::DstLow | Self::SrcHigh | Self::SrcLow => u64::MAX,
            Self::Minute => 7 * 24 * 60 - 1,
        }
    }
}

/// One concrete packet. Addresses are integers: 32 bits wide for IPv4 (in the low bits), 128 for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    pub ingress: u16,
    pub egress: u16,
    pub family: Family,
    pub proto: u8,
    pub src: u128,
    pub dst: u128,
    pub src_port: u16,
    /// Port, or [`icmp`] type and code.
    pub dst_port: u16,
    pub minute: u16,
    pub exceeded: u16,
}

impl Packet {
    /// The packet's coordinate in a field. The lower half of an IPv4 address is unconstrained in every set; it reads 0.
    #[must_use]
    pub const fn value(&self, field: Field) -> u64 {
        match field {
            Field::In => self.ingress as u64,
            Field::Out => self.egress as u64,
            Field::Family => self.family as u64,
            Field::Proto => self.proto as u64,
            Field::DstPort => self.dst_port as u64,
            Field::DstHigh => high(self.family, self.dst),
            Field::DstLow => low(self.family, self.dst),
            Field::SrcHigh => high(self.family, self.src),
            Field::SrcLow => low(self.family, self.src),
            Field::SrcPort => self.src_port as u64,
            Field::Minute => self.minute as u64,
            Field::Exceeded => self.exceeded as u64,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "takes the half that is asked for")]
const fn high(family: Family, address: u128) -> u64 {
    match family {
        Family::V4 => (address as u64) << 32,
        Family::V6 => (address >> 64) as u64,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "takes the half that is asked for")]
const fn low(family: Family, address: u128) -> u64 {
    match family {
        Family::V4 => 0,
        Family::V6 => address as u64,
    }
}

/// ICMP type and code in the coordinate of the destination port.
#[must_use]
pub const fn icmp(kind: u8, code: u8) -> u16 {
    (kind as u16) << 8 | code as u16
}
