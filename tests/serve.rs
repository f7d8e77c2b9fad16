//! The search page over loopback: what it answers, and what it refuses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::albef_fixture::picture;
use crate::program::program;
use crate::use_model::short_run;

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(model: &Path, pictures: &Path) -> Self {
        let arguments = ["serve", pictures.to_str().unwrap(), "--model", model.to_str().unwrap(), "--port", "0"];
        let mut child = program(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let page = lines.find(|line| line.starts_with("page ")).unwrap();
        let address = page.split("http://").nth(1).unwrap().split('/').next().unwrap().to_string();
        Self { child, address }
    }

    /// The answer to these bytes, status first.
    pub(crate) fn raw(&self, request: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(request); // who is refused early can't send all
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let (status, answer) = self.raw(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).as_bytes());
        (status, String::from_utf8_lossy(&answer).into_owned())
    }
}

#[test]
fn the_page_answers_and_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (run, pictures) = (folder.path().join("run"), folder.path().join("pictures"));
    short_run(&run);
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(pictures.join("<b>&.png"), picture(1)).unwrap();
    std::fs::write(pictures.join("c.png"), picture(90)).unwrap();
    std::fs::write(pictures.join("broken.png"), "no picture").unwrap();
    std::fs::write(folder.path().join("secret.png"), picture(7)).unwrap();
    let server = Server::start(&run, &pictures);
    answers(&server);
    refusals(&server);
    assert_eq!(server.get("/").0, 200, "it is still there");
    a_picture_that_breaks_meanwhile_costs_itself_alone(&server, &pictures);
}

fn a_picture_that_breaks_meanwhile_costs_itself_alone(server: &Server, pictures: &Path) {
    std::fs::write(pictures.join("c.png"), "no picture").unwrap();
    let (status, found) = server.get("/?q=a+red+circle&rerank=1");
    assert!(status == 200 && found.contains("Of 1 pictures") && found.contains("1 of them in order"), "{found}");
    assert!(found.contains("1 could not be matched") && found.contains("<li>c.png: "), "{found}");
    assert_eq!(found.matches("class=\"score\"").count(), 1);
    std::fs::remove_file(pictures.join("c.png")).unwrap();
    let (status, told) = server.get("/small/2");
    assert!(status == 422 && told.contains("c.png: ") && !told.contains(pictures.to_str().unwrap()), "{told}");
}

fn answers(server: &Server) {
    let (status, home) = server.get("/");
    assert_eq!(status, 200);
    assert!(home.contains("2 pictures") && home.contains("&lt;b&gt;&amp;.png") && !home.contains("<b>&"), "{home}");
    assert!(home.contains("1 files could not be read") && home.contains("Content-Security-Policy: default-src 'none'"));
    let (status, found) = server.get("/?q=%E7%BA%A2%3Cscript%3E");
    assert!(status == 200 && found.contains("红&lt;script&gt;") && !found.contains("<script"), "{found}");
    assert_eq!(found.matches("class=\"score\"").count(), 2);
    let (status, found) = server.get("/?q=a+red+circle&rerank=1");
    assert!(status == 200 && found.contains("2 of them in order by matching") && found.contains("checked"), "{found}");
    assert_eq!(found.matches(" % · ").count(), 2, "chance and cosine");
    // By name: `<b>&.png` is number 0, `broken.png` 1, `c.png` 2.
    let (status, answer) = server.raw(format!("GET /small/2 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes());
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let shown = image::load_from_memory(&answer[start..]).unwrap();
    assert_eq!((status, shown.width(), shown.height()), (200, 80, 80), "20 pixels, four times as large");
    let (status, looked) = server.get("/picture/0?text=a+red+circle&fill=a+%5BMASK%5D+face");
    assert!(status == 200 && looked.contains("that they belong together"), "{looked}");
    assert_eq!(looked.matches("data:image/png;base64,").count(), 3, "a map for each word");
    assert_eq!(looked.matches("<tr>").count(), 8, "guesses");
    let (status, looked) = server.get("/picture/0?fill=nothing+hidden");
    assert!(status == 200 && looked.contains("nothing to fill in, expected `[MASK]` in it"), "{looked}");
    assert_eq!(server.get("/small/1").0, 422, "a picture that can't be read");
    let (status, head) = server.raw(format!("HEAD / HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes());
    assert!(status == 200 && head.ends_with(b"\r\n\r\n"));
}

fn refusals(server: &Server) {
    for path in [
        "/small/3",
        "/small/-1",
        "/small/+1",
        "/small/99999999999999999999",
        "/small/../../secret.png",
        "/../secret.png",
        "/small/%2e%2e%2fsecret.png",
        "/small/",
        "/small/0/x",
        "/etc/passwd",
        "//etc/passwd",
        "/picture/secret.png",
        "/small/\0",
    ] {
        assert_eq!(server.get(path).0, 404, "{path:?}");
    }
    let host = &server.address;
    let long = format!("GET /?q={} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(600));
    let huge = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "a".repeat(100_000));
    for (request, expected) in [
        (b"\r\n\r\n".to_vec(), 400),
        (b"GET\r\n\r\n".to_vec(), 400),
        (b"\xFF\xFE\x00\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: pictures.example\r\n\r\n".to_vec(), 421),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc").into_bytes(), 405),
        (format!("GET http://other/ HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes(), 400),
        (long.into_bytes(), 414),
        (huge.into_bytes(), 431),
    ] {
        let shown = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
        assert_eq!(server.raw(&request).0, expected, "{shown:?}");
    }
    // Who hangs up in the middle costs nobody anything.
    TcpStream::connect(host).unwrap().write_all(b"GET / HT").unwrap();
}
