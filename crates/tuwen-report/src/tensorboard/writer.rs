//! Writes one event file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use tuwen_data::write_frame;

use super::event::{Dimension, Event, Image, Kind, Metadata, Plugin, SessionLog, Shape, Summary, Tensor, Value, What};
use crate::ReportError;

/// `SessionLog.SessionStatus.START`.
const START: i32 = 1;
/// `DataType.DT_STRING`.
const STRING: i32 = 7;
const RGB: i32 = 3;

/// An event file that grows. Wall times are seconds since 1970, steps count from 1.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: File,
}

impl EventWriter {
    /// Starts a file in `folder`, which is made if it is not there. Errors: a folder that can't be written.
    pub fn create(folder: &Path) -> Result<Self, ReportError> {
        let time = wall_time();
        let mut writer = Self::open(folder, time as u64)?;
        let version = What::FileVersion("brain.Event:2".to_owned());
        writer.event(Event { wall_time: time, step: 0, what: Some(version) })?;
        Ok(writer)
    }

    /// As [`EventWriter::create`], for a run that goes on with `first_step`: readers drop what former files of the folder
    /// hold of this step and later ones.
    pub fn resume(folder: &Path, first_step: u64) -> Result<Self, ReportError> {
        let mut writer = Self::create(folder)?;
        let what = Some(What::SessionLog(SessionLog { status: START }));
        writer.event(Event { wall_time: wall_time(), step: signed(first_step), what })?;
        Ok(writer)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number under `tag`; the file holds it as f32. Tags with a common part before a `/` are shown together.
    pub fn scalar(&mut self, step: u64, wall_time: f64, tag: &str, value: f64) -> Result<(), ReportError> {
        self.scalars(step, wall_time, [(tag, value)])
    }

    /// Several numbers of one step.
    pub fn scalars<'a>(
        &mut self,
        step: u64,
        wall_time: f64,
        values: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<(), ReportError> {
        let value = |(tag, value): (&str, f64)| Value {
            tag: tag.to_owned(),
            kind: Some(Kind::Simple(value as f32)),
            metadata: None,
        };
        self.summary(step, wall_time, values.into_iter().map(value).collect())
    }

    /// A text, which TensorBoard shows as Markdown.
    pub fn text(&mut self, step: u64, wall_time: f64, tag: &str, text: &str) -> Result<(), ReportError> {
        let shape = Some(Shape { dimensions: vec![Dimension { size: 1 }] });
        let tensor = Tensor { dtype: STRING, shape, strings: vec![text.as_bytes().to_vec()] };
        let metadata = Some(Metadata { plugin: Some(Plugin { name: "text".to_owned() }) });
        self.summary(step, wall_time, vec![Value { tag: tag.to_owned(), kind: Some(Kind::Tensor(tensor)), metadata }])
    }

    /// A picture, encoded as PNG or JPEG. Errors: bytes that are no picture.
    pub fn image(&mut self, step: u64, wall_time: f64, tag: &str, encoded: Vec<u8>) -> Result<(), ReportError> {
        let size = imagesize::blob_size(&encoded)
            .map_err(|error| ReportError::NoPicture { tag: tag.to_owned(), reason: error.to_string() })?;
        let (height, width) = (size.height as i32, size.width as i32);
        let kind = Some(Kind::Image(Image { height, width, colorspace: RGB, encoded }));
        self.summary(step, wall_time, vec![Value { tag: tag.to_owned(), kind, metadata: None }])
    }

    fn summary(&mut self, step: u64, wall_time: f64, value: Vec<Value>) -> Result<(), ReportError> {
        self.event(Event { wall_time, step: signed(step), what: Some(What::Summary(Summary { value })) })
    }

    /// One frame in one write, so that a reader beside the run seldom meets half of one.
    fn event(&mut self, event: Event) -> Result<(), ReportError> {
        let io = |source| ReportError::Io { path: self.path.clone(), source };
        let mut frame = Vec::new();
        write_frame(&mut frame, &event.encode_to_vec()).map_err(io)?;
        self.file.write_all(&frame).map_err(io)
    }

    /// The first free name of this second: a former file is never written to.
    fn open(folder: &Path, seconds: u64) -> Result<Self, ReportError> {
        std::fs::create_dir_all(folder).map_err(|source| ReportError::Io { path: folder.to_owned(), source })?;
        let mut number = 0;
        loop {
            let path = folder.join(format!("events.out.tfevents.{seconds:010}.{number:03}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(ReportError::Io { path, source }),
            }
        }
    }
}

/// The time that events are given now: seconds since 1970.
pub fn wall_time() -> f64 {
    // A clock set before 1970 is no reason to lose a run's numbers.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn signed(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
