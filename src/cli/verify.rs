//! `hedgerow verify`

use clap::Args;

use super::{Exit, disk, output::Common};
use crate::{compile, verify, world::World};

/// Is this configuration equal to the policy? Lists what is open that should not be, and closed that should not be
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow verify home.hedge --target nftables /etc/nftables.conf\n  nft list table inet hedgerow > live.nft && hedgerow verify home.hedge --target nftables live.nft\n\nExit status: 0 equal, 1 different, 2 unreadable"
)]
pub struct Arguments {
    /// A file, or a folder that holds a main.hedge
    path: String,
    /// What the configuration is for
    #[arg(long, value_name = "TARGET")]
    target: String,
    /// The configuration
    file: String,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    if arguments.target != "nftables" {
        return common.fail(&format!("the target `{}` is not supported yet; nftables is", arguments.target));
    }
    let (path, text) = match disk::policy(&arguments.path, &disk) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let configuration = match disk.read(&arguments.file) {
        Ok(text) => text,
        Err(why) => return common.fail(&format!("cannot read `{}`: {why}", arguments.file)),
    };
    let mut checked = compile::check(&path, &text, &disk);
    let Some(meant) = checked.meant.as_mut() else {
        common.report(&checked.sources, &checked.diagnostics);
        return Exit::Invalid;
    };
    match verify::nftables(
        &checked.network,
        &meant.standing,
        &meant.meaning,
        &configuration,
        &mut meant.limits,
        &mut meant.space,
    ) {
        Err(error) => common.fail(&format!("{}: {error}", arguments.file)),
        Ok(verdict) if verdict.is_equal() => {
            common.say(&format!("equal: {} does what {path} says (IPv4, IPv6)", arguments.file));
            Exit::Clean
        }
        Ok(verdict) => {
            println!("different: {} does not do what {path} says", arguments.file);
            for difference in &verdict.differences {
                println!("  {}", difference.sentence(&checked.network));
            }
            for unknown in &verdict.unknown {
                println!("  not understood: {unknown}");
            }
            Exit::Findings
        }
    }
}
