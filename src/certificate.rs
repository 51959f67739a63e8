//! What was proven about which files: written beside them, so that whoever finds them can hold them to it.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    compile::{Checked, Output},
    router::File,
    world::World,
};

/// The name of the file.
pub const NAME: &str = "certificate.json";

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The version of hedgerow that proved it.
    pub hedgerow: String,
    pub target: String,
    /// The day that `until` and schedules were held against.
    pub date: String,
    /// What the policy is made of: paths from its folder, with the SHA-256 of each file.
    pub policy: BTreeMap<String, String>,
    /// The user's own configuration that it was merged with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub base: BTreeMap<String, String>,
    /// The files that were written, with the SHA-256 of each.
    pub files: BTreeMap<String, String>,
    pub proven: Vec<String>,
    /// What a router of this make lets through beyond the policy and cannot be told not to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub besides: Vec<String>,
}

impl Certificate {
    /// For files that were just proven. `path` is that of the policy.
    #[must_use]
    pub fn of(output: &Output, checked: &Checked, base: &[File], path: &str, world: &dyn World) -> Self {
        Self {
            hedgerow: env!("CARGO_PKG_VERSION").to_owned(),
            target: output.target.name().to_owned(),
            date: world.today().to_string(),
            policy: policy(checked, path),
            base: digests(base),
            files: digests(&output.files),
            proven: output.target.proves().iter().map(|what| (*what).to_owned()).collect(),
            besides: output.additions.clone(),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads one.
    ///
    /// # Errors
    /// A sentence for the user when it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("this is no certificate of hedgerow: {error}"))
    }

    /// What is not as it was: files of the policy.
    #[must_use]
    pub fn changed_policy(&self, checked: &Checked, path: &str) -> Vec<String> {
        changed(&self.policy, &policy(checked, path))
    }

    /// What is not as it was: files of the configuration.
    #[must_use]
    pub fn changed_files(&self, files: &[File]) -> Vec<String> {
        changed(&self.files, &digests(files))
    }

    /// What it says otherwise than this program would: by its version, its day, what was proven, and what such a router
    /// lets through besides. A heading and a sentence each.
    #[must_use]
    pub fn changed_claims(&self, proves: &[&str], additions: &[String], today: &str) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let version = env!("CARGO_PKG_VERSION");
        if self.hedgerow != version {
            found.push((
                "version",
                format!("written by hedgerow {}, and this is {version}: compile again", self.hedgerow),
            ));
        }
        let day = self.date.len() == today.len()
            && self.date.bytes().zip(today.bytes()).all(|(one, other)| one.is_ascii_digit() == other.is_ascii_digit());
        if !day {
            found.push(("date", format!("`{}` is no day", self.date)));
        } else if self.date.as_str() > today {
            found.push(("date", format!("{} is yet to come", self.date)));
        }
        let proven: Vec<String> = proves.iter().map(|what| (*what).to_owned()).collect();
        let claims = |heading, claimed: &[String], meant: &[String]| {
            let more = claimed.iter().filter(|what| !meant.contains(what));
            let more = more.map(|what| (heading, format!("claims `{what}`, which is not so")));
            let less = meant.iter().filter(|what| !claimed.contains(what));
            more.chain(less.map(|what| (heading, format!("does not say `{what}`")))).collect::<Vec<_>>()
        };
        found.extend(claims("proven", &self.proven, &proven));
        found.extend(claims("besides", &self.besides, additions));
        found
    }
}

fn policy(checked: &Checked, path: &str) -> BTreeMap<String, String> {
    let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
    let inside = |name: &str| name.strip_prefix(folder).unwrap_or(name).to_owned();
    checked.inputs.iter().map(|(name, text)| (inside(name), digest(text))).collect()
}

fn digests(files: &[File]) -> BTreeMap<String, String> {
    files.iter().map(|file| (file.name.clone(), digest(&file.text))).collect()
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One sentence for each name whose digest is another.
fn changed(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) -> Vec<String> {
    let gone = was.iter().filter_map(|(name, digest)| match is.get(name) {
        None => Some(format!("`{name}` is not there any more")),
        Some(now) if now != digest => Some(format!("`{name}` has changed")),
        Some(_) => None,
    });
    let new = is.keys().filter(|name| !was.contains_key(*name)).map(|name| format!("`{name}` was not there then"));
    gone.chain(new).collect()
}
