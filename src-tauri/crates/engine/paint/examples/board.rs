//! Paints a contact sheet of prompts and measures painting and camera: `cargo run --release -p
//! studio-paint --example board -- OUT.png [PROMPT …]`.

// An example prints what it did.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use studio_paint::{CameraMove, PaintOptions, ShotFrames, paint};

const PROMPTS: [&str; 12] = [
    "wide view of a lighthouse on a rocky coast, calm sea, golden hour, seagulls",
    "wide view of a stormy sea below the lighthouse, dark clouds, rain, dusk",
    "young woman on wet rocks with a lantern, high waves, storm, night",
    "close-up of young woman, lantern light on the face, dark background, night",
    "wide view of a misty forest at dawn, tall trees, light rays, a small path",
    "wide view of a city skyline at dusk, lit windows",
    "woman in a narrow city street, wet asphalt, night, rain",
    "wide view of mountains at dawn, layered ridges, mist in the valley, small man",
    "wide view of a planet's horizon from space, stars",
    "interior of a workshop, old man at a table, warm lamp, evening",
    "robot in the desert, two moons, long shadows, dusk",
    "fox at the edge of a meadow, forest behind, morning light, village",
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let out = arguments.first().ok_or("name the PNG to write")?;
    let prompts: Vec<&str> = match arguments.len() {
        1 => PROMPTS.to_vec(),
        _ => arguments[1..].iter().map(String::as_str).collect(),
    };
    let (width, height, columns) = (640u32, 360u32, 3.min(prompts.len() as u32));
    let rows = (prompts.len() as u32).div_ceil(columns);
    let mut sheet = vec![0u8; (width * columns * height * rows) as usize * 4];
    for (n, prompt) in prompts.iter().enumerate() {
        let picture = paint(
            prompt,
            &PaintOptions {
                width,
                height,
                seed: 1,
            },
        )?
        .flatten();
        let (column, row) = (n as u32 % columns, n as u32 / columns);
        for (y, line) in picture.chunks_exact(width as usize * 4).enumerate() {
            let at = ((row * height + y as u32) * columns * width + column * width) as usize * 4;
            sheet[at..at + line.len()].copy_from_slice(line);
        }
    }
    let mut encoder =
        png::Encoder::new(std::fs::File::create(out)?, width * columns, height * rows);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header()?.write_image_data(&sheet)?;

    let full = PaintOptions {
        width: 1280,
        height: 720,
        seed: 1,
    };
    let begun = Instant::now();
    let (start, end) = (
        paint(prompts[0], &full)?,
        paint(prompts[prompts.len() - 1], &full)?,
    );
    println!(
        "painting 1280×720: {:.0} ms each",
        begun.elapsed().as_secs_f64() * 500.0
    );
    let shot = ShotFrames::new(&start, &end, CameraMove::PushIn, 120).ok_or("sizes differ")?;
    let mut frame = vec![0; shot.frame_bytes()];
    let begun = Instant::now();
    (0..120).for_each(|n| shot.frame(n, &mut frame));
    println!(
        "camera 1280×720: {:.1} ms a frame on one core, {} layers",
        begun.elapsed().as_secs_f64() * 1000.0 / 120.0,
        start.layers.len()
    );
    Ok(())
}
