//! A small web page of one machine: search pictures or clips by text, and look at what the model makes of one.
//!
//! `listen.rs` speaks with sockets, `request.rs` reads what they say, `site.rs` answers from
//! `shelf.rs`, `page.rs` draws. Pictures are served
//! by number alone, decoded and drawn anew; nothing a request says becomes a path.

mod listen;
mod page;
mod picture;
mod request;
mod response;
mod shelf;
mod site;

pub(crate) use listen::serve;
pub(crate) use shelf::Shelf;
pub(crate) use site::Site;
