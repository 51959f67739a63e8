//! `hedgerow verify`

use clap::Args;

use super::{Exit, disk, output::Common};
use crate::{compile, model::Network, router::Line, target::Target, verify::Verdict};

/// Is this configuration equal to the policy? Lists what is open that should not be, and closed that should not be
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow verify home.hedge --target nftables /etc/nftables.conf\n  TZ=UTC nft list table inet hedgerow > live.nft && hedgerow verify home.hedge --target nftables live.nft\n\nExit status: 0 equal, 1 different, 2 unreadable"
)]
pub struct Arguments {
    /// A file, or a folder that holds a main.hedge
    path: String,
    /// What the configuration is for
    #[arg(long, value_name = "TARGET")]
    target: String,
    /// The configuration: a file, or a folder with the files that `compile` writes
    configuration: String,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    let Some(target) = Target::named(&arguments.target) else {
        return common.fail(&super::compile::unknown_target(&arguments.target));
    };
    let (path, text) = match disk::policy(&arguments.path, &disk) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let files = match disk::configuration(&arguments.configuration, target, &disk) {
        Ok(files) => files,
        Err(why) => return common.fail(&why),
    };
    let mut checked = compile::check(&path, &text, &disk);
    match compile::verify(&mut checked, target, &files) {
        None => {
            common.report(&checked.sources, &checked.diagnostics);
            Exit::Invalid
        }
        Some(Err(error)) => common.fail(&format!("{}: {error}", arguments.configuration)),
        Some(Ok(verdict)) => tell(&verdict, &checked.network, &path, arguments, common),
    }
}

fn tell(verdict: &Verdict, network: &Network, path: &str, arguments: &Arguments, common: &Common) -> Exit {
    if verdict.is_equal() {
        common.say(&format!("equal: {} does what {path} says (IPv4, IPv6)", arguments.configuration));
        for addition in &verdict.additions {
            common.say(&format!("  besides   {addition}"));
        }
        return Exit::Clean;
    }
    println!("different: {} does not do what {path} says", arguments.configuration);
    for difference in &verdict.differences {
        println!("  {}", difference.sentence(network));
    }
    for Line { file, line, text } in &verdict.unknown {
        let place = if file.is_empty() { format!("line {line}") } else { format!("{file}:{line}") };
        println!("  not understood: {place}: {text}");
    }
    Exit::Findings
}
