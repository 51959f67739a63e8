//! Routers that hedgerow cannot configure, but that can be told to forward ports: the provider's box, a consumer
//! router, whatever stands in front of the policy's own router.

pub mod read;
pub mod render;
