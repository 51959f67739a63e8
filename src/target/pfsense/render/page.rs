//! The firewall's own page, as the backup has it, on a port where its proxy should listen.

use super::Renderer;
use crate::{diagnostic::Diagnostic, model::service::TCP};

impl Renderer<'_> {
    /// The policy says where the page is; the backup knows.
    pub(super) fn page_in_the_way(&mut self) {
        if self.fresh {
            return;
        }
        let pages = self.base.page.ports();
        for exposure in self.network.exposures.iter().filter(|exposure| !exposure.expired && exposure.is_on_router()) {
            let opens = exposure.opens();
            let taken = |port: &&u16| {
                opens.iter().any(|one| one.protocol == Some(TCP) && one.to.iter().any(|(a, b)| (a..=b).contains(port)))
            };
            let taken: Vec<String> = pages.iter().filter(taken).map(ToString::to_string).collect();
            if taken.is_empty() {
                continue;
            }
            let place = exposure.through.as_ref().map_or(exposure.span, |through| through.span);
            let ports = taken.join(" and ");
            self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    place,
                    format!("in the base the firewall's own page listens on tcp {ports}, where this proxy should"),
                )
                .label("only one of the two can listen there")
                .help("move the page in System > Advanced > Admin Access: another TCP port, and the redirect from port 80 off; then save a new backup"),
            );
        }
    }
}
