//! `serve`: search in the browser.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use tuwen_model::Clips;
use tuwen_train::Recipe;

use super::{CommandError, ModelArguments, indexed};
use crate::serve::{Shelf, Site, serve};

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// A folder of pictures, a tar archive of them, or a list of paths (.txt); for a UniBERT record files as its recipe names
    /// them
    images: PathBuf,
    /// The port, 0 for any that is free
    #[arg(long, value_name = "NUMBER", default_value_t = 7878)]
    port: u16,
    /// The address to listen on; any but the default lets other machines look at the pictures
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Compute every embedding anew and keep none; otherwise they are kept in the model's folder
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), CommandError> {
    let (model, folder) = arguments.model.open()?;
    let shelf = match model.recipe() {
        Recipe::Albef(_) => Shelf::Pictures(indexed(&model, &folder, &arguments.images, !arguments.no_cache)?),
        Recipe::UniBert(_) => Shelf::of_clips(Clips::open(model.recipe(), &arguments.images)?),
    };
    let address = SocketAddr::new(arguments.address, arguments.port);
    let listener = TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))?;
    let bound = listener.local_addr()?;
    if !bound.ip().is_loopback() {
        eprintln!("warning: {} is reached from other machines: whoever connects sees the {}", bound.ip(), shelf.kind());
    }
    println!("{:<11} {}, {} of them", shelf.kind(), arguments.images.display(), shelf.readable());
    println!("page        http://{bound}/, until Ctrl-C");
    Ok(serve(&listener, Site::new(model, shelf))?)
}
