//! Takes connections and answers one request on each; who is slow, silent or too many is let go.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::request::{MOST_HEAD, Request};
use super::response::Response;
use super::site::Site;

/// Connections that are answered at a time, and that may wait.
const THREADS: usize = 4;
const WAITING: usize = 64;
/// How long a request may take to arrive, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers on `listener` until the program ends. Errors: a listener that takes no connection any more.
pub(crate) fn serve(listener: &TcpListener, site: Site) -> io::Result<()> {
    let (sender, receiver) = sync_channel::<TcpStream>(WAITING);
    let (receiver, site) = (Arc::new(Mutex::new(receiver)), Arc::new(site));
    for _ in 0..THREADS {
        let (receiver, site) = (Arc::clone(&receiver), Arc::clone(&site));
        std::thread::spawn(move || {
            loop {
                let next = match receiver.lock() {
                    Ok(receiver) => receiver.recv(),
                    Err(poisoned) => poisoned.into_inner().recv(),
                };
                let Ok(stream) = next else { return };
                let _ = answer(&stream, &site); // who hangs up has no use for an error
            }
        });
    }
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Err(TrySendError::Full(stream) | TrySendError::Disconnected(stream)) = sender.try_send(stream) {
                    let busy = Response::told(503, "Too many requests at a time.");
                    let _ = stream.set_write_timeout(Some(Duration::from_millis(100)));
                    let _ = busy.write(&mut &stream, true);
                }
            }
            // A connection that broke before it was taken, or no file handle left for a moment.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn answer(mut stream: &TcpStream, site: &Site) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = match read_head(stream)? {
        Head::Whole(head) => head,
        Head::TooLong => return told(stream, 431, "The request is too long."),
        Head::Late => return told(stream, 408, "The request did not arrive in time."),
        Head::Nothing => return Ok(()),
    };
    let request = match Request::parse(&head) {
        Ok(request) => request,
        Err(refusal) => {
            let (status, sentence) = refusal.told();
            return told(stream, status, sentence);
        }
    };
    // Nothing of a request outlives it but the answer, so no broken state can be seen afterwards.
    let response = catch_unwind(AssertUnwindSafe(|| site.answer(&request)));
    let response = response.unwrap_or_else(|_| Response::told(500, "This went wrong; the program's output says how."));
    response.write(&mut stream, request.body)
}

fn told(mut stream: &TcpStream, status: u16, sentence: &str) -> io::Result<()> {
    Response::told(status, sentence).write(&mut stream, true)?;
    // What else the other side sends is taken for a moment: closing with unread bytes would lose it the answer.
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    io::copy(&mut stream.take(1 << 20), &mut io::sink()).map(|_| ())
}

enum Head {
    Whole(Vec<u8>),
    TooLong,
    Late,
    Nothing,
}

/// Everything before the first empty line.
fn read_head(mut stream: &TcpStream) -> io::Result<Head> {
    let (until, mut head, mut part) = (Instant::now() + PATIENCE, Vec::new(), [0; 2048]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Head::Late);
        }
        stream.set_read_timeout(Some(left))?;
        let read = match stream.read(&mut part) {
            Ok(0) => return Ok(Head::Nothing),
            Ok(read) => read,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(Head::Late);
            }
            Err(error) => return Err(error),
        };
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(&part[..read]);
        if let Some(end) = head[from..].windows(4).position(|four| four == b"\r\n\r\n") {
            head.truncate(from + end);
            return Ok(if head.len() > MOST_HEAD { Head::TooLong } else { Head::Whole(head) });
        }
        if head.len() > MOST_HEAD {
            return Ok(Head::TooLong);
        }
    }
}
