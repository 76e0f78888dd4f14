//! Colours, and the palettes of the day.

use crate::scene::{Time, Weather};

/// Linear mixing in display space, as a painter mixes; 0 to 1 each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rgb(pub(crate) f32, pub(crate) f32, pub(crate) f32);

impl Rgb {
    pub(crate) const fn hex(code: u32) -> Rgb {
        Rgb(
            ((code >> 16) & 0xFF) as f32 / 255.0,
            ((code >> 8) & 0xFF) as f32 / 255.0,
            (code & 0xFF) as f32 / 255.0,
        )
    }

    pub(crate) fn mix(self, other: Rgb, t: f32) -> Rgb {
        let t = t.clamp(0.0, 1.0);
        let part = |a: f32, b: f32| a + (b - a) * t;
        Rgb(
            part(self.0, other.0),
            part(self.1, other.1),
            part(self.2, other.2),
        )
    }

    pub(crate) fn scale(self, k: f32) -> Rgb {
        Rgb(self.0 * k, self.1 * k, self.2 * k)
    }

    /// Lightens like a glow: 1 − (1 − a)(1 − b).
    pub(crate) fn screen(self, light: Rgb, k: f32) -> Rgb {
        let part = |a: f32, b: f32| 1.0 - (1.0 - a.min(1.0)) * (1.0 - (b * k).min(1.0));
        Rgb(
            part(self.0, light.0),
            part(self.1, light.1),
            part(self.2, light.2),
        )
    }

    pub(crate) fn grey(self, t: f32) -> Rgb {
        let luma = 0.2126 * self.0 + 0.7152 * self.1 + 0.0722 * self.2;
        self.mix(Rgb(luma, luma, luma), t)
    }

    /// Premultiplied by `alpha`.
    pub(crate) fn with_alpha(self, alpha: f32) -> [u8; 4] {
        let alpha = alpha.clamp(0.0, 1.0);
        let part = |x: f32| (x.clamp(0.0, 1.0) * alpha * 255.0 + 0.5) as u8;
        [
            part(self.0),
            part(self.1),
            part(self.2),
            (alpha * 255.0 + 0.5) as u8,
        ]
    }
}

/// The light of one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) zenith: Rgb,
    pub(crate) horizon: Rgb,
    /// Sun or moon and what it strikes.
    pub(crate) light: Rgb,
    /// What lies in shadow, near the eye.
    pub(crate) shadow: Rgb,
    /// The air between the eye and the distance.
    pub(crate) haze: Rgb,
    /// Lamps and windows.
    pub(crate) lamp: Rgb,
    /// 0 night to 1 noon.
    pub(crate) day: f32,
}

impl Palette {
    pub(crate) fn of(time: Time, weather: Weather) -> Palette {
        let lamp = Rgb::hex(0xFFC46B);
        let (zenith, horizon, light, shadow, haze, day) = match time {
            Time::Dawn => (0x33507E, 0xF6B98C, 0xFFD9A0, 0x1F2740, 0xD9A39A, 0.55),
            Time::Morning => (0x4B86BE, 0xF3E3C3, 0xFFF0C8, 0x263646, 0xC9D3D0, 0.85),
            Time::Noon => (0x2F78BF, 0xCFE6EE, 0xFFFBE8, 0x25394A, 0xB9D2DC, 1.0),
            Time::Golden => (0x3E5C8E, 0xF7A758, 0xFFD27A, 0x2B2230, 0xE3A06C, 0.65),
            Time::Dusk => (0x1E2450, 0xD9697A, 0xFF9E7A, 0x17152B, 0x8B5577, 0.35),
            Time::Night => (0x060B1E, 0x1D3157, 0xC9DBFF, 0x05070F, 0x1B2B4C, 0.1),
            Time::Space => (0x02030A, 0x0B1330, 0xBFD8FF, 0x04060E, 0x14254A, 0.1),
        };
        let palette = Palette {
            zenith: Rgb::hex(zenith),
            horizon: Rgb::hex(horizon),
            light: Rgb::hex(light),
            shadow: Rgb::hex(shadow),
            haze: Rgb::hex(haze),
            lamp,
            day,
        };
        match weather {
            Weather::Clear | Weather::Clouds => palette,
            Weather::Fog => palette.dulled(0.45, 0.9),
            Weather::Snow => palette.dulled(0.5, 1.05),
            Weather::Rain => palette.dulled(0.55, 0.72).chilled(0.3),
            Weather::Storm => palette.dulled(0.6, 0.5).chilled(0.5),
        }
    }

    /// Towards the slate of rain clouds; the horizon keeps some of the hour's colour.
    fn chilled(self, k: f32) -> Palette {
        let slate = Rgb::hex(0x4A5A6C).scale(0.25 + 0.6 * self.day);
        Palette {
            zenith: self.zenith.mix(slate.scale(0.7), k),
            horizon: self.horizon.mix(slate.scale(1.25), 0.6 * k),
            haze: self.haze.mix(slate, k),
            shadow: self.shadow.mix(slate.scale(0.25), 0.6 * k),
            light: self.light.mix(slate.scale(1.7), 0.7 * k),
            ..self
        }
    }

    fn dulled(self, grey: f32, bright: f32) -> Palette {
        let dull = |colour: Rgb| colour.grey(grey).scale(bright);
        Palette {
            zenith: dull(self.zenith).mix(dull(self.horizon), 0.25),
            horizon: dull(self.horizon),
            light: self.light.grey(grey * 0.5).scale(bright.max(0.8)),
            shadow: self.shadow.grey(grey * 0.5),
            haze: dull(self.haze),
            ..self
        }
    }
}
