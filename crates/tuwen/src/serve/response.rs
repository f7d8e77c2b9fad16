//! An answer, and how it is written.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use super::page::{STYLE, page};

/// Status, what it is, and the bytes.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    kind: &'static str,
    /// Whether it may be kept for an hour.
    kept: bool,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A whole page.
    pub(super) fn page(markup: Markup) -> Self {
        Self { status: 200, kind: "text/html; charset=utf-8", kept: false, body: markup.into_string().into_bytes() }
    }

    /// A PNG picture.
    pub(super) fn picture(body: Vec<u8>) -> Self {
        Self { status: 200, kind: "image/png", kept: true, body }
    }

    /// A page with one sentence.
    pub(super) fn told(status: u16, sentence: &str) -> Self {
        let markup = page("tuwen", &html! { p.told { (sentence) } p { a href="/" { "All pictures" } } });
        Self { status, ..Self::page(markup) }
    }

    /// Writes head and, if it is wanted, body. Nothing of the page may load anything from elsewhere, run a script, or be framed.
    pub(super) fn write(&self, out: &mut impl Write, with_body: bool) -> io::Result<()> {
        let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; img-src 'self' data:; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let cache = if self.kept { "private, max-age=3600" } else { "no-store" };
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: {cache}\r\n\
             Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n",
            self.status,
            reason(self.status),
            self.kind,
            self.body.len(),
        );
        out.write_all(head.as_bytes())?;
        if with_body {
            out.write_all(&self.body)?;
        }
        out.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
