//! MTCNN, which finds faces and five landmarks of each
//! ([Zhang et al. 2016](https://arxiv.org/abs/1604.02878)), as [facenet-pytorch](https://github.com/timesler/facenet-pytorch) has it.
//!
//! The first network slides over the picture in many sizes, and proposes boxes; the second takes a closer look at them, and the third
//! a closer one. After each, of boxes that overlap the likeliest is kept.
//!
//! ```no_run
//! # #[cfg(feature = "pytorch")] {
//! use congruent::io::PyTorch;
//! use congruent_models::mtcnn::{Mtcnn, Picture, Settings};
//! let [first, second, third] = ["pnet.pt", "rnet.pt", "onet.pt"].map(PyTorch::open);
//! let model: Mtcnn = Mtcnn::load(&first?, &second?, &third?, &Default::default())?;
//! // A grey picture.
//! let picture = Picture::new(640, 480, vec![127; 640 * 480 * 3])?;
//! for face in model.detect(&picture, &Settings::default())? {
//!     println!("{:?} {}", face.area, face.probability);
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod area;
mod detection;
mod networks;
mod picture;

pub use area::Area;
pub use detection::{Face, Mtcnn, Settings};
pub use networks::{Classes, Colours, Landmarks, Output, Proposals, Refinement, Sides};
pub use picture::Picture;
