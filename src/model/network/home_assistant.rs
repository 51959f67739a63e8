//! Home Assistant: what the policy says of it.

use super::{HostId, Settings};
use crate::diagnostic::Span;

/// `home-assistant`
#[derive(Clone, Debug)]
pub struct HomeAssistant {
    pub span: Span,
    pub host: HostId,
    /// Year and month.
    pub version: Option<(u32, u32)>,
    pub install: Option<Install>,
    /// After how many failures an address is banned; `-1` is never, as in Home Assistant's own setting.
    pub login_attempts: Option<(i64, Span)>,
    /// Pages of others that may use it from a browser.
    pub cors_origins: Vec<(String, Span)>,
    /// The file of its real settings, and what was read there.
    pub settings_file: Option<(String, Span)>,
    pub settings: Option<Settings>,
}

impl HomeAssistant {
    /// Does it keep the `http` settings by itself, and ignore those in `configuration.yaml`? Nothing when the policy does
    /// not say which version it is (home-assistant.io, integration `http`: from 2026.8 on).
    #[must_use]
    pub fn keeps_settings(&self) -> Option<bool> {
        self.version.map(|version| version >= (2026, 8))
    }

    /// Does it see who comes by Home Assistant Cloud? Before that everybody is 127.0.0.1. `snitun` shows the client from 0.46
    /// on, which `hass-nabucasa` brings to 2026.9 (home-assistant/core#182411).
    #[must_use]
    pub fn sees_cloud_clients(&self) -> bool {
        self.version.is_some_and(|version| version >= (2026, 9))
    }
}

/// How it was installed, which decides what runs beside it and how it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Install {
    /// Home Assistant OS: everything beside it is an add-on.
    Haos,
    /// The supervisor on a Linux of one's own.
    Supervised,
    /// A container.
    Container,
    /// A Python environment.
    Core,
}
