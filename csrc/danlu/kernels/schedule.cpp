// The learning rate of a schedule at a step, in float32 and with Keras's order of operations, so
// that a step that was recorded or compiled reads it from `iterations` as an eager one does.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

float step_of(const View& iterations) {
  double step = 0;
  dispatch_all(iterations.dtype,
               [&]<class T>(T) { step = static_cast<double>(*iterations.ptr<T>()); });
  return static_cast<float>(step);
}

float cosine(float fraction) { return 0.5f * (1.f + __builtin_cosf(0x1.921fb6p+1f * fraction)); }

float exponential(const Schedule& s, float step) {
  const float p = step / s.decay_steps;
  return s.initial * math::pow(s.decay_rate, s.flag ? math::floor(p) : p);
}

float inverse_time(const Schedule& s, float step) {
  const float p = step / s.decay_steps;
  return s.initial / (1.f + s.decay_rate * (s.flag ? math::floor(p) : p));
}

// From `initial` to `end`; with `flag` again and again, over ever more steps.
float polynomial(const Schedule& s, float step) {
  float steps = s.decay_steps;
  if (s.flag) {
    steps *= step == 0.f ? 1.f : math::ceil(step / steps);
  } else {
    step = step < steps ? step : steps;
  }
  return (s.initial - s.end) * math::pow(1.f - step / steps, s.power) + s.end;
}

float cosine_decay(const Schedule& s, float step) {
  const float last = s.decay_steps + s.warmup_steps;
  step = step < last ? step : last;
  if (step < s.warmup_steps) {
    return (s.warmup_target - s.initial) * (step / s.warmup_steps) + s.initial;
  }
  const float top = s.flag ? s.warmup_target : s.initial;  // flag: there is a warm-up
  return top * ((1.f - s.alpha) * cosine((step - s.warmup_steps) / s.decay_steps) + s.alpha);
}

float cosine_restarts(const Schedule& s, float step) {
  float fraction = step / s.decay_steps, restart;
  if (s.period_factor == 1.f) {
    restart = math::floor(fraction);
    fraction -= restart;
  } else {  // the periods are a geometric series
    const float t = s.period_factor;
    restart = math::floor(__builtin_logf(1.f - fraction * (1.f - t)) / __builtin_logf(t));
    const float before = (1.f - math::pow(t, restart)) / (1.f - t);
    fraction = (fraction - before) / math::pow(t, restart);
  }
  const float wave = math::pow(s.height_factor, restart) * cosine(fraction);
  return s.initial * ((1.f - s.alpha) * wave + s.alpha);
}

float piecewise(const View& boundaries, const View& values, float step) {
  const int64_t n = boundaries.numel();
  int64_t at = 0;
  while (at < n && step > boundaries.ptr<float>()[at]) ++at;
  return values.ptr<float>()[at];
}

}  // namespace

void schedule(const Schedule& s, const View& iterations, const View& boundaries, const View& values,
              const View& rate) {
  const float step = step_of(iterations);
  float& y = *rate.ptr<float>();
  switch (s.kind) {
    case ScheduleKind::exponential:
      y = exponential(s, step);
      return;
    case ScheduleKind::inverse_time:
      y = inverse_time(s, step);
      return;
    case ScheduleKind::polynomial:
      y = polynomial(s, step);
      return;
    case ScheduleKind::cosine:
      y = cosine_decay(s, step);
      return;
    case ScheduleKind::cosine_restarts:
      y = cosine_restarts(s, step);
      return;
    case ScheduleKind::piecewise:
      y = piecewise(boundaries, values, step);
      return;
  }
}

}  // namespace danlu::cpu::DL_LEVEL
