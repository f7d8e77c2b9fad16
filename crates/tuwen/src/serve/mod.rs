//! A small web page of one machine: search pictures by text, and look at what the model makes of one.
//!
//! `listen.rs` speaks with sockets, `request.rs` reads what they say, `site.rs` answers, `page.rs` draws. Pictures are served
//! by number alone, decoded and drawn anew; nothing a request says becomes a path.

mod listen;
mod page;
mod picture;
mod request;
mod response;
mod site;

pub(crate) use listen::serve;
pub(crate) use site::Site;
