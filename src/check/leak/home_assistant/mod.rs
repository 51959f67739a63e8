//! Home Assistant's settings, held against the policy.

mod client_ip_lost;
mod cors_too_wide;
mod home;
mod http_yaml_ignored;
mod login_unlimited;
mod server_host_on_haos;
mod trusted_networks_covers_untrusted;
mod trusted_proxies_host_bits;
mod trusted_proxies_mismatch;
mod trusted_proxies_too_wide;
mod www_folder_public;
mod xff_setting_mismatch;

pub(super) use home::{Home, homes};

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("client-ip-lost", Warning, Asked(client_ip_lost::run)),
    leak!("cors-too-wide", Warning, Asked(cors_too_wide::run)),
    leak!("http-yaml-ignored", Warning, Asked(http_yaml_ignored::run)),
    leak!("login-unlimited", Error, Asked(login_unlimited::run)),
    leak!("server-host-on-haos", Note, Asked(server_host_on_haos::run)),
    leak!("trusted-networks-covers-untrusted", Error, Asked(trusted_networks_covers_untrusted::run)),
    leak!("trusted-proxies-host-bits", Error, Asked(trusted_proxies_host_bits::run)),
    leak!("trusted-proxies-mismatch", Error, Asked(trusted_proxies_mismatch::run)),
    leak!("trusted-proxies-too-wide", Error, Asked(trusted_proxies_too_wide::run)),
    leak!("www-folder-public", Note, Asked(www_folder_public::run)),
    leak!("xff-setting-mismatch", Error, Asked(xff_setting_mismatch::run)),
];
