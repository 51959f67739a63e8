//! What `verify` found, as JSON. The schema is `docs/schema/verify.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// A configuration held against a policy.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "A configuration held against a policy by hedgerow")]
pub struct Comparison {
    /// The form of this document. Members may be added to it; whatever else changes makes it 2.
    pub version: u32,
    /// The version of hedgerow.
    pub hedgerow: &'static str,
    /// Does the configuration do what the policy says, wholly and for certain? Then there are no differences.
    pub equal: bool,
    /// What lets most in comes first.
    pub differences: Vec<Finding>,
    /// Lines of the configuration that hedgerow does not understand. It need not have kept anything from being decided.
    pub not_understood: Vec<String>,
    /// What such a router does beyond the policy and cannot be told not to, and lines that a user should know of.
    pub besides: Vec<String>,
    /// How many of the last of the besides come from single lines.
    #[serde(skip)]
    pub notes: usize,
}

/// One difference in words.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    pub kind: Kind,
    /// In place of who, to whom and by what, where that says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Who: a zone, a host or addresses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// By what: protocols and ports.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// One packet that shows it, if packets do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub packet: String,
    /// What the configuration does with the addresses of the packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation: Option<String>,
    /// The line of the configuration that decides; null where none does.
    pub router: Option<String>,
    /// The lines that led the packet there: a translation before a drop, the rule that asks the chain, an element of a
    /// list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub led_by: Vec<String>,
    /// The statements of the policy that decide; empty where its default does.
    pub policy: Vec<String>,
    /// Does the policy let the packet through?
    #[serde(skip)]
    pub allowed: bool,
}

/// In which way the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The router lets through what the policy denies.
    Open,
    /// The router holds back what the policy allows.
    Closed,
    /// Both let it through, the router under another address or port.
    Translated,
    /// It hangs on something that hedgerow does not understand.
    Undecided,
    /// Answers to connections that are allowed are dropped.
    Replies,
    /// Packets that belong to no connection pass.
    Invalid,
    /// An address of the router is not the policy's.
    Address,
    /// A gateway is not the policy's.
    Gateway,
    /// What DHCP keeps for a host is not the policy's.
    Lease,
    /// What DHCP gives to anybody is not the policy's.
    Pool,
}

impl Kind {
    /// Its word in a list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Translated => "translated",
            Self::Undecided => "undecided",
            Self::Replies => "replies",
            Self::Invalid => "invalid",
            Self::Address => "address",
            Self::Gateway => "gateway",
            Self::Lease => "lease",
            Self::Pool => "pool",
        }
    }
}
