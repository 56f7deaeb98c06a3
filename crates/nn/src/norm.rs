//! Layer normalisation of rows.

const EPSILON: f32 = 1e-5;

/// What the forward pass leaves for the backward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct NormTrace {
    normalised: Vec<f32>,
    inverse_deviations: Vec<f32>,
}

/// Normalises each row of `rows: [rows, gain.len()]` in place, then applies gain and offset.
pub(crate) fn layer_norm(rows: &mut [f32], gain: &[f32], offset: &[f32], trace: &mut NormTrace) {
    let scale = 1.0 / gain.len() as f32;
    trace.normalised.clear();
    trace.inverse_deviations.clear();
    for row in rows.chunks_exact_mut(gain.len()) {
        let mean = row.iter().sum::<f32>() * scale;
        let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() * scale;
        let inverse = 1.0 / (variance + EPSILON).sqrt();
        trace.inverse_deviations.push(inverse);
        for ((x, g), o) in row.iter_mut().zip(gain).zip(offset) {
            let normalised = (*x - mean) * inverse;
            trace.normalised.push(normalised);
            *x = normalised * g + o;
        }
    }
}

/// Turns the output's gradient into the input's, in place, and adds to the gradients of gain and offset.
pub(crate) fn layer_norm_backward(
    upstream: &mut [f32],
    gain: &[f32],
    trace: &NormTrace,
    gain_gradient: &mut [f32],
    offset_gradient: &mut [f32],
) {
    let width = gain.len();
    let scale = 1.0 / width as f32;
    let rows = upstream.chunks_exact_mut(width).zip(trace.normalised.chunks_exact(width));
    for ((row, normalised), inverse) in rows.zip(&trace.inverse_deviations) {
        let (mut mean, mut mean_product) = (0.0, 0.0);
        for i in 0..width {
            gain_gradient[i] += row[i] * normalised[i];
            offset_gradient[i] += row[i];
            row[i] *= gain[i];
            mean += row[i];
            mean_product += row[i] * normalised[i];
        }
        (mean, mean_product) = (mean * scale, mean_product * scale);
        for i in 0..width {
            row[i] = inverse * (row[i] - mean - normalised[i] * mean_product);
        }
    }
}
