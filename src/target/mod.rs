//! The routers that a policy is compiled for. Each has a folder here and one in `targets/` with its templates; this
//! file is the registry, and the only one that knows all of them.

pub mod nftables;
pub mod openwrt;
pub mod pfsense;

use crate::{
    diagnostic::Diagnostic,
    packet::Space,
    plan::Request,
    router::{Configuration, File, Limits, Line, Topology, Unreadable},
};

/// A make of router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Nftables,
    OpenWrt,
}

impl Target {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Nftables, Self::OpenWrt];

    /// The word in the language and on the command line, and the name of its folders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nftables => "nftables",
            Self::OpenWrt => "openwrt",
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
                &["firewall", "network", "dhcp", "hedgerow/table.nft", "hedgerow/forward.nft", "hedgerow/dstnat.nft"]
            }
        }
    }

    /// Can it be merged with a configuration of the user (`--base`)?
    #[must_use]
    pub const fn takes_base(self) -> bool {
        match self {
            Self::Nftables => false,
            Self::OpenWrt => true,
        }
    }

    /// Does a line stand in a part of a merged configuration that hedgerow did not write?
    #[must_use]
    pub fn is_foreign(self, files: &[File], line: &Line) -> bool {
        let file = files.iter().find(|file| file.name == line.file);
        match self {
            Self::Nftables => false,
            Self::OpenWrt => line.line > 0 && file.is_some_and(|file| !openwrt::render::is_own(&file.text, line.line)),
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
        }
    }
}
