//! What makes a run fail.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Exit;
use crate::diagnostic::{Diagnostic, Severity};

/// The least severity that makes a check fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deny {
    Error,
    Warning,
    Note,
}

impl Deny {
    const fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }

    /// The exit status of a run over one policy.
    pub fn exit(self, diagnostics: &[Diagnostic], resolved: bool) -> Exit {
        if !resolved {
            Exit::Invalid
        } else if diagnostics.iter().any(|diagnostic| diagnostic.severity >= self.severity()) {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }
}
