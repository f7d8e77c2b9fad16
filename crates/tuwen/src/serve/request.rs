//! What a browser asks for: the head of an HTTP request, and nothing of a body.

use std::net::IpAddr;

/// The most bytes of a head: what browsers send is below 2,000.
pub(super) const MOST_HEAD: usize = 16 << 10;
/// The most characters of a query's value; texts are cut by the model's layout anyway.
const MOST_VALUE: usize = 500;

/// A request that is understood and may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Without the query, as it was sent.
    pub(super) path: String,
    /// Names and values, decoded.
    query: Vec<(String, String)>,
    /// Whether the body is wanted.
    pub(super) body: bool,
}

/// Why a request is not answered, as the status that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is no HTTP/1 request.
    Malformed,
    /// Anything but GET and HEAD.
    Method,
    /// It names a host that this server does not go by: a page elsewhere that had its name resolved to this machine.
    Host,
    /// A value too long to be meant.
    TooLong,
}

impl Refusal {
    /// Status and sentence.
    pub(super) fn told(self) -> (u16, &'static str) {
        match self {
            Self::Malformed => (400, "This is not a request that can be understood."),
            Self::Method => (405, "Only GET and HEAD are answered."),
            Self::Host => (421, "This server answers under an address or `localhost` alone."),
            Self::TooLong => (414, "The text is too long."),
        }
    }
}

impl Request {
    /// The request of a head, everything up to the empty line.
    pub(super) fn parse(head: &[u8]) -> Result<Self, Refusal> {
        let head = std::str::from_utf8(head).map_err(|_| Refusal::Malformed)?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (first.next(), first.next(), first.next(), first.next())
        else {
            return Err(Refusal::Malformed);
        };
        if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return Err(Refusal::Malformed);
        }
        let hosts: Vec<&str> = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.trim())
            .collect();
        match hosts.as_slice() {
            [host] if is_own(host) => {}
            [_] => return Err(Refusal::Host),
            _ => return Err(Refusal::Malformed),
        }
        if !["GET", "HEAD"].contains(&method) {
            return Err(Refusal::Method);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        let query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        if query.iter().any(|(_, value)| value.chars().count() > MOST_VALUE) {
            return Err(Refusal::TooLong);
        }
        Ok(Self { path: path.to_string(), query, body: method == "GET" })
    }

    /// The value of this name, trimmed; nothing where it is not there or empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Whether a host is an address or `localhost`. No name server can make such a name mean another machine, so no page elsewhere
/// can reach this server under a name of its own.
fn is_own(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// `%E7%BA%A2+a` as `红 a`; what is no code stays as it is, and what is no UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let (bytes, mut plain, mut at) = (text.as_bytes(), Vec::new(), 0);
    let digit = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((16 * high + low) as u8);
                at += 3;
                continue;
            }
            (b'+', _, _) => plain.push(b' '),
            (byte, _, _) => plain.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// `text` so that it can stand as a value in a query.
pub(super) fn encoded(text: &str) -> String {
    let code = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Request, Refusal> {
        Request::parse(head.as_bytes())
    }

    #[test]
    fn a_query_is_decoded() {
        let request = parse("GET /picture/3?q=%E7%BA%A2+a%2B%zz&n= HTTP/1.1\r\nhost: localhost:7000").unwrap();
        assert_eq!(
            (request.path.as_str(), request.value("q"), request.value("n")),
            ("/picture/3", Some("红 a+%zz"), None)
        );
        assert!(request.body);
        let back = format!("GET /?q={} HTTP/1.1\r\nHost: [::1]:7", encoded("红 & <a>"));
        assert_eq!(parse(&back).unwrap().value("q"), Some("红 & <a>"));
        assert_eq!(parse("GET /?q=%FF HTTP/1.1\r\nHost: 127.0.0.1").unwrap().value("q"), Some("\u{FFFD}"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for head in [
            "",
            "GET",
            "GET / HTTP/1.1",
            "GET  / HTTP/1.1\r\nHost: localhost",
            "GET http://x/ HTTP/1.1\r\nHost: localhost",
            "GET / FTP/1\r\nHost: localhost",
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
        ] {
            assert_eq!(parse(head), Err(Refusal::Malformed), "{head:?}");
        }
        assert_eq!(Request::parse(b"GET /\xFF HTTP/1.1"), Err(Refusal::Malformed));
        assert_eq!(parse("POST / HTTP/1.1\r\nHost: localhost"), Err(Refusal::Method));
        let long = format!("GET /?q={} HTTP/1.1\r\nHost: localhost", "a".repeat(MOST_VALUE + 1));
        assert_eq!(parse(&long), Err(Refusal::TooLong));
    }

    #[test]
    fn a_name_that_could_mean_another_machine_is_refused() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:7000", "192.168.0.7", "[::1]:7000"] {
            assert!(is_own(host), "{host}");
        }
        for host in ["evil.example:7000", "localhost.evil.example", "127.0.0.1.evil.example", "", "[evil]", "[::1"] {
            assert!(!is_own(host), "{host}");
            assert_eq!(parse(&format!("GET / HTTP/1.1\r\nHost: {host}")), Err(Refusal::Host), "{host}");
        }
    }
}
