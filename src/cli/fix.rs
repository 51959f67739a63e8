//! `hedgerow check --fix`: applies the changes that leave the meaning of a policy as it is, and nothing else.

use std::{collections::BTreeMap, io::Write, path::Path};

use jiff::civil::Date;
use similar::TextDiff;

use super::{
    Exit, disk,
    output::{Common, many},
};
use crate::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, apply_safe},
    reach::{Version, changes},
    world::World,
};

/// A policy that was mended so often is not going to be clean: the fixes feed each other.
const ROUNDS: usize = 100;

/// The world, with other texts for some files.
struct Mended<'a> {
    world: &'a dyn World,
    texts: BTreeMap<String, String>,
}

impl World for Mended<'_> {
    fn read(&self, path: &str, within: &str) -> Result<String, String> {
        self.texts.get(path).map_or_else(|| self.world.read(path, within), |text| Ok(text.clone()))
    }

    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String> {
        self.world.list(path, within)
    }

    fn today(&self) -> Date {
        self.world.today()
    }
}

/// What the safe fixes make of a policy: the files that change, and how many findings they mend.
struct Outcome {
    texts: BTreeMap<String, String>,
    fixed: usize,
}

/// Mends a policy, or shows what would change; the exit status of a dry run.
pub fn run(
    (path, text): (&str, &str),
    world: &dyn World,
    dry: bool,
    wants: &dyn Fn(&Diagnostic) -> bool,
    common: &Common,
) -> Exit {
    if path == "<stdin>" {
        return common.fail("`--fix` changes files, and standard input is none");
    }
    let outcome = match mend(path, text, world, wants) {
        Ok(outcome) => outcome,
        Err(why) => return common.fail(&why),
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let before = |name: &str| if name == path { text.to_owned() } else { world.read(name, folder).unwrap_or_default() };
    for (name, after) in &outcome.texts {
        let done = if dry {
            let before = before(name);
            let diff = TextDiff::from_lines(before.as_str(), after.as_str());
            let shown = diff.unified_diff().context_radius(3).header(name, name).to_string();
            std::io::stdout().write_all(shown.as_bytes()).map_err(|error| error.to_string())
        } else {
            disk::write(Path::new(name), after)
        };
        if let Err(why) = done {
            return common.fail(&why);
        }
    }
    let verb = if dry { "would mend" } else { "mended" };
    if outcome.fixed > 0 {
        common.say(&format!("{path}: {verb} {}; the policy means the same", many(outcome.fixed, "finding")));
    } else if dry {
        common.say(&format!("{path}: nothing to mend"));
    }
    if outcome.fixed > 0 { Exit::Findings } else { Exit::Clean }
}

/// Applies safe fixes until there is none left, and proves that no packet is treated otherwise.
fn mend(path: &str, text: &str, world: &dyn World, wants: &dyn Fn(&Diagnostic) -> bool) -> Result<Outcome, String> {
    let mut mended = Mended { world, texts: BTreeMap::new() };
    let mut fixed = 0;
    let first = compile::check(path, text, &mended);
    let mut last: Option<Checked> = None;
    for _ in 0..ROUNDS {
        let checked = last.as_ref().unwrap_or(&first);
        // A policy that cannot be decided has nothing to be compared with.
        if checked.meant.is_none() {
            break;
        }
        let wanted: Vec<&Diagnostic> = checked.diagnostics.iter().filter(|found| wants(found)).collect();
        let changed = apply_safe(&checked.sources, wanted.iter().copied());
        if changed.is_empty() {
            break;
        }
        fixed += wanted.iter().filter(|found| found.fixes.iter().any(|fix| fix.safe)).count();
        for (source, text) in changed {
            if let Some(source) = checked.sources.get(source) {
                mended.texts.insert(source.name.clone(), text);
            }
        }
        let now = mended.texts.get(path).cloned().unwrap_or_else(|| text.to_owned());
        last = Some(compile::check(path, &now, &mended));
    }
    if last.is_none_or(|last| same(&first, &last)) {
        Ok(Outcome { texts: mended.texts, fixed })
    } else {
        Err(format!(
            "the fixes would change what `{path}` means, so nothing was changed: please report this with the policy"
        ))
    }
}

fn same(before: &Checked, after: &Checked) -> bool {
    match (&before.meant, &after.meant) {
        (Some(old), Some(new)) => {
            let old = Version { network: &before.network, sources: &before.sources, meant: old };
            let new = Version { network: &after.network, sources: &after.sources, meant: new };
            changes(&old, &new).is_empty()
        }
        _ => false,
    }
}
