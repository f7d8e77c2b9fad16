//! Monitors of a run: what its recent steps tell of learning that stands still, said in a sentence with advice.
//!
//! A [`Health`] is handed each step's numbers under their names in `metrics.jsonl` and answers with [`Finding`]s. Each
//! monitor is a pure function of a [`Window`] of recent steps and of [`Facts`] about the run; it speaks once when it has
//! something to say, and once when that is over. Plain host code.
//!
//! ```
//! use tuwen_health::{Facts, Health, HealthConfig, Turn};
//! let facts = Facts { total_steps: 400, matches: Some(0.5), ..Facts::default() };
//! let mut health = Health::new(HealthConfig::default(), facts);
//! let mut findings = Vec::new();
//! for step in 1..=400 {
//!     findings.extend(health.step(step, [("loss/itm", 0.693)])); // ln 2 from the first step to the last
//! }
//! assert_eq!(findings.len(), 1);
//! assert_eq!((findings[0].turn, findings[0].step), (Turn::Began, 200));
//! assert!(findings[0].sentence.contains("ln 2"));
//! ```

mod config;
mod facts;
mod finding;
mod health;
mod monitors;
mod window;

pub use config::{HealthConfig, Patience, Watching};
pub use facts::{Compared, Facts, InitialScale, Rate};
pub use finding::{Finding, Severity, Turn};
pub use health::Health;
pub use window::Window;
