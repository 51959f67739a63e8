//! `hedgerow compile`

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Exit,
    deny::Deny,
    disk,
    output::{Common, count, many},
    project::Project,
    targets,
};
use crate::{
    certificate::{self, Certificate},
    compile::{self, Checked, Companions, Output},
    router::File,
    target::Target,
};

/// Compile a policy into router configurations, each proven equal to it before anything is written
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  hedgerow compile examples/lan-only           writes examples/lan-only/out/nftables/hedgerow.nft\n  hedgerow compile home.hedge -o /tmp/out      writes /tmp/out/nftables/hedgerow.nft\n  hedgerow compile home.hedge --stdout | nft -c -f -\n  hedgerow compile --check                     are the files in the repository up to date?\n\nExit status: 0 written, 1 findings, 2 invalid policy or usage"
)]
pub struct Arguments {
    /// A file, a folder that holds a main.hedge, or `-` for standard input [default: what hedgerow.toml says, or `.`]
    path: Option<String>,
    /// What to compile for, instead of the targets that the policy's router names
    #[arg(long, value_name = "TARGET")]
    target: Vec<String>,
    /// The folder to write into, one folder a target [default: `out` beside the policy]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print the configuration instead of writing it; needs a single target
    #[arg(long, conflicts_with = "output")]
    stdout: bool,
    /// Write nothing; tell whether the files that are there are what the policy compiles to now
    #[arg(long, conflicts_with_all = ["stdout", "force"])]
    check: bool,
    /// Your own configuration to merge with, as saved from the router: a file, or a folder
    #[arg(long, value_name = "PATH")]
    base: Option<String>,
    /// Write in spite of findings; never in spite of an invalid policy or a failed proof
    #[arg(long)]
    force: bool,
}

impl Arguments {
    /// To compile a policy as if nothing else were said.
    pub fn of(path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let Some(project) = Project::find(common) else { return Exit::Invalid };
    let disk = common.disk();
    let (path, text) = match disk::policy(&project.policy(arguments.path.as_deref())) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let asked = if arguments.target.is_empty() { project.targets(&path) } else { arguments.target.clone() };
    let disk = disk.compiled_for(&asked);
    let working = common.working(&format!("checking {path}"));
    let mut checked = compile::check(&path, &text, &disk);
    drop(working);
    common.report(&checked.sources, &checked.diagnostics);
    if checked.meant.is_none() {
        common.say(&format!("{path}: {}; nothing was written", count(&checked.diagnostics)));
        return Exit::Invalid;
    }
    if checked.has_errors() && !arguments.force {
        common.say(&format!(
            "{path}: {}; nothing was written (--force writes in spite of findings)",
            count(&checked.diagnostics)
        ));
        return Exit::Findings;
    }
    common.say(&format!(
        "  checked      {}, {}",
        many(checked.network.promises().len(), "promise"),
        count(&checked.diagnostics)
    ));
    if let Some(name) = arguments.target.iter().find(|name| Target::named(name).is_none()) {
        return common.fail(&targets::unknown(name));
    }
    let targets = match targets::chosen(&asked, &checked) {
        Ok(targets) => targets,
        Err(error) => {
            common.report(&checked.sources, &[*error]);
            return Exit::Invalid;
        }
    };
    let base = match base(arguments, &targets) {
        Ok(base) => base,
        Err(why) => return common.fail(&why),
    };
    if arguments.stdout && targets.len() != 1 {
        return common.fail("--stdout prints one configuration: choose it with --target");
    }
    let mut outputs = Vec::new();
    for target in targets {
        let working = common.working(&format!("writing for {} and proving it", target.name()));
        let rendered = compile::render(&mut checked, &path, target, &base);
        drop(working);
        match rendered {
            Ok(output) => outputs.push(output),
            Err(errors) => {
                common.report(&checked.sources, &errors);
                common.say("nothing was written");
                return Exit::Invalid;
            }
        }
    }
    if arguments.stdout {
        let text = outputs.first().and_then(|output| output.files.first()).map_or("", |file| file.text.as_str());
        return if std::io::stdout().write_all(text.as_bytes()).is_ok() { exit(&checked) } else { Exit::Invalid };
    }
    let folder = arguments.output.clone().or_else(|| project.output(&path)).unwrap_or_else(|| beside(&path));
    let routers: Vec<Target> = outputs.iter().map(|output| output.target).collect();
    let companions = match compile::companions(&checked, &routers) {
        Ok(companions) => companions,
        Err(errors) => {
            common.report(&checked.sources, &errors);
            return Exit::Invalid;
        }
    };
    let mut files: Vec<(PathBuf, String)> = outputs
        .iter()
        .flat_map(|output| {
            let within = PathBuf::from(output.target.name());
            let certificate = Certificate::of(output, &checked, &base, &path, &disk).text();
            let inside = |file: &File| (within.join(&file.name), file.text.clone());
            let mut files: Vec<_> = output.files.iter().map(inside).collect();
            files.push((within.join(certificate::NAME), certificate));
            files
        })
        .collect();
    let beside = |file: &File| (Path::new(COMPANIONS).join(&file.name), file.text.clone());
    files.extend(companions.files.iter().map(beside));
    if arguments.check {
        return compare(&folder, &files, &outputs, common);
    }
    if let Err(why) = disk::write_all(&folder, &files) {
        return common.fail(&why);
    }
    for output in &outputs {
        tell(output, &folder, common);
    }
    tell_companions(&companions, &folder, common);
    exit(&checked)
}

/// The folder of the files beside the router, next to those of the targets.
const COMPANIONS: &str = "companions";

/// What was written beside the router, and what no file can do: it is said, never passed over.
fn tell_companions(companions: &Companions, folder: &Path, common: &Common) {
    if !companions.files.is_empty() {
        let inside = folder.join(COMPANIONS);
        common.say(&format!("  beside       {}   {}", inside.display(), many(companions.files.len(), "file")));
    }
    for what in &companions.by_hand {
        common.say(&format!("  by hand      {what}"));
    }
}

fn exit(checked: &Checked) -> Exit {
    Deny::Error.exit(&checked.diagnostics, true)
}

fn beside(path: &str) -> PathBuf {
    PathBuf::from(path.rfind('/').map_or("", |slash| &path[..=slash])).join("out")
}

/// Are the files of a folder those that were compiled? Certificates may be left out of a repository, and name the version.
fn compare(folder: &Path, files: &[(PathBuf, String)], outputs: &[Output], common: &Common) -> Exit {
    let mut stale = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| !name.ends_with(certificate::NAME)) {
        let path = folder.join(name);
        match disk::text(&path) {
            None => stale.push(format!("{} is not there", path.display())),
            Some(there) if there != *text => stale.push(format!("{} is not what the policy says now", path.display())),
            Some(_) => {}
        }
    }
    for kind in outputs.iter().map(|output| output.target.name()).chain([COMPANIONS]) {
        let inside = folder.join(kind);
        for name in disk::names(&inside) {
            let known = files.iter().any(|(path, _)| *path == Path::new(kind).join(&name));
            if !known && name != certificate::NAME {
                stale.push(format!("{} is written by nobody any more", inside.join(name).display()));
            }
        }
    }
    for line in &stale {
        common.say(&format!("  {line}"));
    }
    if stale.is_empty() {
        common.say(&format!("  {} is up to date, and proven equal to the policy", folder.display()));
        return Exit::Clean;
    }
    common.say("compile again, and commit what it writes");
    Exit::Findings
}

/// What was written for a target, what it does besides, and where to go on.
fn tell(output: &Output, folder: &Path, common: &Common) {
    let name = output.target.name();
    let inside = folder.join(name);
    let main = output.files.first().map_or("", |file| file.name.as_str());
    common.say(&format!(
        "  {name:<12} {}   proven equal to the policy ({})",
        inside.join(main).display(),
        output.target.covers()
    ));
    for addition in &output.additions {
        common.say(&format!("               besides: {addition}"));
    }
    if output.files.iter().any(|file| file.name == "IMPORT.md") {
        let guide = inside.join("IMPORT.md");
        let how = match output.target {
            Target::PortForward => "which file is for which router, and the way back",
            Target::PfSense => "how to restore it, and the way back",
            _ => "how to try it with an automatic way back",
        };
        common.say(&format!("  next         {} tells {how}", guide.display()));
    }
}

/// The user's own configuration that is merged with.
fn base(arguments: &Arguments, targets: &[Target]) -> Result<Vec<File>, String> {
    match (&arguments.base, targets) {
        (None, _) => Ok(Vec::new()),
        (Some(path), [target]) if target.takes_base() => disk::configuration(path, *target),
        (Some(_), [target]) => Err(format!("--base: {} is written beside what is there, not merged", target.name())),
        (Some(_), _) => Err("--base belongs to one target: choose it with --target".to_owned()),
    }
}
