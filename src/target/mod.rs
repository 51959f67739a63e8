//! The routers that a policy is compiled for. Each has a folder here and one in `targets/` with its templates; this
//! file is the registry, and the only one that knows all of them.

pub mod nftables;
pub mod openwrt;
pub mod pfsense;
pub mod port_forward;

use crate::{
    diagnostic::Diagnostic,
    model::{Network, VpnKind},
    packet::Space,
    plan::Request,
    router::{Configuration, File, Limits, Line, Obstacle, Topology, Unreadable},
};

/// A make of router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Nftables,
    OpenWrt,
    PfSense,
    PortForward,
}

impl Target {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Nftables, Self::OpenWrt, Self::PfSense, Self::PortForward];

    /// The word in the language and on the command line, and the name of its folders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nftables => "nftables",
            Self::OpenWrt => "openwrt",
            Self::PfSense => "pfsense",
            Self::PortForward => "port-forward",
        }
    }

    /// The target of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// The files that are read back, by their names in a folder. The first one must be there.
    #[must_use]
    pub const fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Nftables => &["hedgerow.nft"],
            Self::OpenWrt => {
                // uhttpd tells where the router's own page listens.
                &[
                    "firewall",
                    "network",
                    "dhcp",
                    "uhttpd",
                    "hedgerow/table.nft",
                    "hedgerow/forward.nft",
                    "hedgerow/dstnat.nft",
                ]
            }
            Self::PfSense => &[pfsense::read::FILE],
            Self::PortForward => &port_forward::read::FILES,
        }
    }

    /// Is a file read back, by its name in the folder of the target?
    #[must_use]
    pub fn is_read(self, name: &str) -> bool {
        match self {
            Self::PortForward => port_forward::read::reads(name),
            _ => self.reads().contains(&name),
        }
    }

    /// Can it be merged with a configuration of the user (`--base`)?
    #[must_use]
    pub const fn takes_base(self) -> bool {
        match self {
            Self::Nftables | Self::PortForward => false,
            Self::OpenWrt | Self::PfSense => true,
        }
    }

    /// Does its configuration hold the server of such a VPN, so that no program beside it needs a file of its own?
    #[must_use]
    pub const fn holds(self, kind: VpnKind) -> bool {
        match self {
            Self::Nftables | Self::PortForward => false,
            Self::OpenWrt => matches!(kind, VpnKind::Wireguard),
            Self::PfSense => matches!(kind, VpnKind::Wireguard | VpnKind::Openvpn),
        }
    }

    /// What a proof about this target covers, for a reader in a hurry.
    #[must_use]
    pub const fn covers(self) -> &'static str {
        match self {
            Self::Nftables | Self::OpenWrt | Self::PfSense => "IPv4, IPv6",
            Self::PortForward => "forwards alone",
        }
    }

    /// What a proof says, in the words of `docs/verify.md`.
    #[must_use]
    pub const fn proves(self) -> &'static [&'static str] {
        match self {
            Self::Nftables | Self::OpenWrt | Self::PfSense => &[
                "the first packet of a connection, IPv4 or IPv6, passes exactly when the policy lets it, under the same translation",
                "replies, and errors about connections that are allowed, pass",
                "packets that belong to no connection do not pass",
            ],
            Self::PortForward => &[
                "the first packet of a connection that comes from the internet is forwarded exactly when the policy lets it, to the same address and port; nothing else of the policy",
            ],
        }
    }

    /// Files that are configurations of their own: each of the parts has to be equal to the policy. A list of forwards
    /// says the same in many forms, and for each router in a row.
    #[must_use]
    pub fn parts(self, files: &[File]) -> Vec<Vec<File>> {
        match self {
            Self::PortForward => {
                let read = files.iter().filter(|file| files.len() == 1 || port_forward::read::reads(&file.name));
                read.map(|file| vec![file.clone()]).collect()
            }
            _ => vec![files.to_vec()],
        }
    }

    /// What of the user's own a line of a merged configuration stands in, or what setting of theirs it comes from; nothing
    /// if hedgerow wrote it. The packet that it decides over arrives at the interface of this name.
    #[must_use]
    pub fn obstacle(self, base: &[File], merged: &[File], line: &Line, arriving: Option<&str>) -> Option<Obstacle> {
        match self {
            Self::Nftables | Self::PortForward => None,
            Self::OpenWrt => openwrt::render::obstacle(base, merged, line),
            Self::PfSense => pfsense::render::obstacle(base, merged, line, arriving),
        }
    }

    /// What the user's own configuration lacks, so that a merged one cannot be equal to the policy.
    #[must_use]
    pub fn lacking(self, network: &Network, base: &[File]) -> Vec<Diagnostic> {
        match self {
            Self::Nftables | Self::PortForward | Self::OpenWrt => Vec::new(),
            Self::PfSense => pfsense::render::lacking(network, base),
        }
    }

    /// Everything of the user's own in a merged configuration that could decide without being the line that does.
    #[must_use]
    pub fn obstacles(self, base: &[File], merged: &[File]) -> Vec<Obstacle> {
        match self {
            Self::Nftables | Self::PortForward | Self::OpenWrt => Vec::new(),
            Self::PfSense => pfsense::render::obstacles(base, merged),
        }
    }

    /// The files for a router of this make.
    ///
    /// # Errors
    /// A diagnostic for everything that the target cannot express, at the statement that asks for it.
    pub fn render(self, request: &Request) -> Result<Vec<File>, Vec<Diagnostic>> {
        match self {
            Self::Nftables => nftables::render::render(request),
            Self::OpenWrt => openwrt::render::render(request),
            Self::PfSense => pfsense::render::render(request),
            Self::PortForward => port_forward::render::render(request),
        }
    }

    /// What a router of this make does with some files.
    ///
    /// # Errors
    /// If the router would refuse them, or they are too large to be evaluated.
    pub fn read(
        self,
        files: &[File],
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Result<Box<dyn Configuration>, Unreadable> {
        match self {
            Self::Nftables => nftables::read::read_any(files, topology, limits, space)
                .map_err(|error| Unreadable::new(error.to_string())),
            Self::OpenWrt => openwrt::read::read(files, topology, limits, space),
            Self::PfSense => pfsense::read::read(files, topology, limits, space),
            Self::PortForward => port_forward::read::read(files, topology, space),
        }
    }
}
