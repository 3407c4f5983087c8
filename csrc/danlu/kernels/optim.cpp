// One step of an optimizer over all variables at once: a single parallel region, however many and
// small they are. The formulas and their order of operations are Keras's.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// body(variable, begin, end) for pieces of the variables laid end to end.
template <class F>
DL_INLINE void for_pieces(const OptimizerVariable* variables, int64_t count, F body) {
  if (count == 0) return;
  const int64_t total = variables[count - 1].start + variables[count - 1].size;
  parallel_for(total, kOptimizerGrain, [&](int64_t begin, int64_t end) {
    int64_t low = 0, high = count - 1;  // the last variable that starts at or before `begin`
    while (low < high) {
      const int64_t middle = (low + high + 1) / 2;
      if (variables[middle].start <= begin) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    for (int64_t v = low; v < count && variables[v].start < end; ++v) {
      const OptimizerVariable& variable = variables[v];
      const int64_t from = begin > variable.start ? begin - variable.start : 0;
      const int64_t stop =
          end - variable.start < variable.size ? end - variable.start : variable.size;
      if (from < stop) body(variable, from, stop);
    }
  });
}

double number_at(const View& view) {
  double number = 0;
  dispatch_floating(view.dtype, [&]<class T>(T) {
    number = static_cast<double>(static_cast<wide<T>>(*view.ptr<T>()));
  });
  return number;
}

// ---- the gradients before the rule sees them --------------------------------------------------

// accumulator += gradient / loss_scale, and in the last of `steps` calls their mean
void accumulate(const OptimizerSettings& settings, const OptimizerVariable* variables,
                int64_t count, bool last) {
  for_pieces(variables, count, [&](const OptimizerVariable& v, int64_t begin, int64_t end) {
    if (!v.gradient) return;
    dispatch_floating(v.dtype, [&]<class T>(T) {
      using A = wide<T>;
      const A unscale = static_cast<A>(1 / settings.loss_scale);
      const A steps = static_cast<A>(last ? settings.accumulation_steps : 1);
      const T* gradient = static_cast<const T*>(v.gradient);
      T* sum = static_cast<T*>(v.accumulator);
      DL_VECTORIZE
      for (int64_t i = begin; i < end; ++i) {
        sum[i] = static_cast<T>((static_cast<A>(gradient[i]) * unscale + static_cast<A>(sum[i])) /
                                steps);
      }
    });
  });
}

void clear_accumulators(const OptimizerVariable* variables, int64_t count) {
  for_pieces(variables, count, [&](const OptimizerVariable& v, int64_t begin, int64_t end) {
    if (!v.gradient) return;
    const int64_t size = size_of(v.dtype);
    __builtin_memset(static_cast<char*>(v.accumulator) + begin * size, 0,
                     static_cast<size_t>((end - begin) * size));
  });
}

// The sum of squares of every variable's gradient: per piece of kOptimizerGrain elements into
// `partial`, then in order.
void square_sums(OptimizerVariable* variables, int64_t count, double* partial) {
  int64_t pieces = 0;
  for (int64_t v = 0; v < count; ++v) {
    variables[v].piece = pieces;
    pieces += (variables[v].size + kOptimizerGrain - 1) / kOptimizerGrain;
  }
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    int64_t v = 0;
    for (int64_t piece = begin; piece < end; ++piece) {
      while (v + 1 < count && variables[v + 1].piece <= piece) ++v;
      const OptimizerVariable& variable = variables[v];
      const int64_t from = (piece - variable.piece) * kOptimizerGrain;
      const int64_t left = variable.size - from,
                    n = left < kOptimizerGrain ? left : kOptimizerGrain;
      partial[piece] = 0;
      if (!variable.gradient) continue;
      dispatch_floating(variable.dtype, [&]<class T>(T) {
        using A = wide<T>;
        const T* gradient = static_cast<const T*>(variable.gradient) + from;
        partial[piece] = static_cast<double>(sum_row<A>(n, [&](int64_t i) {
          return static_cast<A>(gradient[i]) * static_cast<A>(gradient[i]);
        }));
      });
    }
  });
  for (int64_t v = 0; v < count; ++v) {
    const int64_t stop = v + 1 < count ? variables[v + 1].piece : pieces;
    variables[v].scale = 0;
    for (int64_t piece = variables[v].piece; piece < stop; ++piece)
      variables[v].scale += partial[piece];
  }
}

// What each gradient is multiplied by: 1 / loss_scale and the clip by norm.
void find_scales(const OptimizerSettings& settings, OptimizerVariable* variables, int64_t count,
                 double unscale, double* partial) {
  const bool global = settings.global_clipnorm > 0;
  if (!global && !(settings.clipnorm > 0)) {
    for (int64_t v = 0; v < count; ++v) variables[v].scale = unscale;
    return;
  }
  square_sums(variables, count, partial);
  double sum = 0;
  for (int64_t v = 0; v < count; ++v) sum += variables[v].scale;
  for (int64_t v = 0; v < count; ++v) {
    const double norm = math::sqrt(global ? sum : variables[v].scale) * unscale;
    const double limit = global ? settings.global_clipnorm : settings.clipnorm;
    const double clip = norm > limit ? limit / norm : 1;
    variables[v].scale = (norm - norm == 0 ? clip : __builtin_nan("")) * unscale;
  }
}

// ---- the rules --------------------------------------------------------------------------------

// What a step needs besides the arrays, in the type it computes in.
template <class A>
struct Scalars {
  A learning_rate, momentum, beta_1, beta_2, rho, epsilon;
  A less_beta_1, less_beta_2, less_rho;    // 1 - ...
  A beta_1_power, beta_2_power;            // beta ^ step
  A alpha;                                 // Adam: the step size with its bias correction
  A u, u_next, u_product, u_product_next;  // Nadam's momentum schedule
};

template <class A>
Scalars<A> make_scalars(const OptimizerSettings& s, double learning_rate, int64_t step,
                        double u_product) {
  Scalars<A> c;
  c.learning_rate = static_cast<A>(learning_rate);
  c.momentum = static_cast<A>(s.momentum);
  c.beta_1 = static_cast<A>(s.beta_1);
  c.beta_2 = static_cast<A>(s.beta_2);
  c.rho = static_cast<A>(s.rho);
  c.epsilon = static_cast<A>(s.epsilon);
  c.less_beta_1 = static_cast<A>(1 - s.beta_1);
  c.less_beta_2 = static_cast<A>(1 - s.beta_2);
  c.less_rho = static_cast<A>(1 - s.rho);
  c.beta_1_power = math::pow(c.beta_1, static_cast<A>(step));
  c.beta_2_power = math::pow(c.beta_2, static_cast<A>(step));
  c.alpha = c.learning_rate * math::sqrt(A(1) - c.beta_2_power) / (A(1) - c.beta_1_power);
  const A decay = static_cast<A>(0.96);
  c.u = c.beta_1 * (A(1) - A(0.5) * math::pow(decay, static_cast<A>(step)));
  c.u_next = c.beta_1 * (A(1) - A(0.5) * math::pow(decay, static_cast<A>(step + 1)));
  c.u_product = static_cast<A>(u_product);
  c.u_product_next = c.u_product * c.u_next;
  return c;
}

// rule(w, g, a, b, c) updates a weight and its slots from its gradient.
template <class T, int slots, class A, class Rule>
DL_INLINE void update(const OptimizerSettings& settings, const OptimizerVariable& v,
                      A learning_rate, int64_t begin, int64_t end, Rule rule) {
  const A limit = static_cast<A>(settings.clipvalue > 0 ? settings.clipvalue : __builtin_inf());
  const A scale = static_cast<A>(v.scale);
  const A decay = v.decayed ? static_cast<A>(settings.weight_decay) * learning_rate : A(0);
  T* ws = static_cast<T*>(v.value);
  const T* gs = static_cast<const T*>(v.gradient);
  T *as = static_cast<T*>(v.slots[0]), *bs = static_cast<T*>(v.slots[1]);
  T* cs = static_cast<T*>(v.slots[2]);
  DL_VECTORIZE
  for (int64_t i = begin; i < end; ++i) {
    A g = static_cast<A>(gs[i]) * scale;
    g = g > limit ? limit : g;
    g = g < -limit ? -limit : g;
    A w = static_cast<A>(ws[i]);
    w -= w * decay;
    A a{}, b{}, c{};
    if constexpr (slots > 0) a = static_cast<A>(as[i]);
    if constexpr (slots > 1) b = static_cast<A>(bs[i]);
    if constexpr (slots > 2) c = static_cast<A>(cs[i]);
    rule(w, g, a, b, c);
    ws[i] = static_cast<T>(w);
    if constexpr (slots > 0) as[i] = static_cast<T>(a);
    if constexpr (slots > 1) bs[i] = static_cast<T>(b);
    if constexpr (slots > 2) cs[i] = static_cast<T>(c);
  }
}

template <class A>
DL_INLINE A larger(A a, A b) {
  return a > b ? a : b;
}

template <class T, class A>
void apply_rule(const OptimizerSettings& o, const OptimizerVariable& v, const Scalars<A>& s,
                int64_t begin, int64_t end) {
  const A lr = s.learning_rate;
  auto each = [&]<int slots>(auto rule) { update<T, slots>(o, v, lr, begin, end, rule); };
  switch (o.kind) {
    case OptimizerKind::sgd:
      if (o.momentum == 0) {
        return each.template operator()<0>([=](A& w, A g, A&, A&, A&) { w -= g * lr; });
      }
      if (o.nesterov) {
        return each.template operator()<1>([=](A& w, A g, A& m, A&, A&) {
          m = m * s.momentum - g * lr;
          w += m * s.momentum - g * lr;
        });
      }
      return each.template operator()<1>([=](A& w, A g, A& m, A&, A&) {
        m = m * s.momentum - g * lr;
        w += m;
      });
    case OptimizerKind::rmsprop: {
      auto increment = [=](A g, A& velocity) {
        velocity = s.rho * velocity + s.less_rho * (g * g);
        return lr * g / math::sqrt(velocity + s.epsilon);
      };
      auto centered = [=](A g, A& velocity, A& mean) {
        velocity = s.rho * velocity + s.less_rho * (g * g);
        mean = s.rho * mean + s.less_rho * g;
        return lr * g / math::sqrt(velocity - mean * mean + s.epsilon);
      };
      if (o.momentum > 0 && o.centered) {
        return each.template operator()<3>([=](A& w, A g, A& velocity, A& m, A& mean) {
          m = s.momentum * m + centered(g, velocity, mean);
          w -= m;
        });
      }
      if (o.momentum > 0) {
        return each.template operator()<2>([=](A& w, A g, A& velocity, A& m, A&) {
          m = s.momentum * m + increment(g, velocity);
          w -= m;
        });
      }
      if (o.centered) {
        return each.template operator()<2>(
            [=](A& w, A g, A& velocity, A& mean, A&) { w -= centered(g, velocity, mean); });
      }
      return each.template operator()<1>(
          [=](A& w, A g, A& velocity, A&, A&) { w -= increment(g, velocity); });
    }
    case OptimizerKind::adagrad:
      return each.template operator()<1>([=](A& w, A g, A& sum, A&, A&) {
        sum += g * g;
        w -= lr * g / math::sqrt(sum + s.epsilon);
      });
    case OptimizerKind::adadelta:
      return each.template operator()<2>([=](A& w, A g, A& grads, A& deltas, A&) {
        grads = s.rho * grads + s.less_rho * (g * g);
        const A delta = -(math::sqrt(deltas + s.epsilon) * g / math::sqrt(grads + s.epsilon));
        deltas = s.rho * deltas + s.less_rho * (delta * delta);
        w += lr * delta;
      });
    case OptimizerKind::adam:
      if (o.amsgrad) {
        return each.template operator()<3>([=](A& w, A g, A& m, A& velocity, A& largest) {
          m += (g - m) * s.less_beta_1;
          velocity += (g * g - velocity) * s.less_beta_2;
          largest = larger(largest, velocity);
          w -= m * s.alpha / (math::sqrt(largest) + s.epsilon);
        });
      }
      return each.template operator()<2>([=](A& w, A g, A& m, A& velocity, A&) {
        m += (g - m) * s.less_beta_1;
        velocity += (g * g - velocity) * s.less_beta_2;
        w -= m * s.alpha / (math::sqrt(velocity) + s.epsilon);
      });
    case OptimizerKind::adamax:
      return each.template operator()<2>([=](A& w, A g, A& m, A& norm, A&) {
        m += (g - m) * s.less_beta_1;
        norm = larger(s.beta_2 * norm, math::fabs(g));
        w -= lr * m / ((A(1) - s.beta_1_power) * (norm + s.epsilon));
      });
    case OptimizerKind::nadam:
      return each.template operator()<2>([=](A& w, A g, A& m, A& velocity, A&) {
        m += (g - m) * s.less_beta_1;
        velocity += (g * g - velocity) * s.less_beta_2;
        const A m_hat =
            s.u_next * m / (A(1) - s.u_product_next) + (A(1) - s.u) * g / (A(1) - s.u_product);
        const A v_hat = velocity / (A(1) - s.beta_2_power);
        w -= m_hat * lr / (math::sqrt(v_hat) + s.epsilon);
      });
    case OptimizerKind::lion:
      return each.template operator()<1>([=](A& w, A g, A& m, A&, A&) {
        const A direction = m * s.beta_1 + g * (A(1) - s.beta_1);
        w -= direction > A(0) ? lr : direction < A(0) ? -lr : direction * A(0);
        m = m * s.beta_2 + g * (A(1) - s.beta_2);
      });
  }
}

// average = momentum average + (1 - momentum) value, and every so often value = average
void average(const OptimizerSettings& settings, const OptimizerVariable* variables, int64_t count,
             int64_t step) {
  const double momentum = step == 0 ? 0 : settings.ema_momentum;
  const int64_t frequency = settings.ema_overwrite_frequency;
  const bool overwrite = frequency > 0 && (step + 1) % frequency == 0;
  for_pieces(variables, count, [&](const OptimizerVariable& v, int64_t begin, int64_t end) {
    dispatch_floating(v.dtype, [&]<class T>(T) {
      using A = wide<T>;
      T* value = static_cast<T*>(v.value);
      T* mean = static_cast<T*>(v.average);
      const A kept = static_cast<A>(momentum), added = A(1) - kept;
      DL_VECTORIZE
      for (int64_t i = begin; i < end; ++i) {
        mean[i] = static_cast<T>(kept * static_cast<A>(mean[i]) + added * static_cast<A>(value[i]));
      }
      if (!overwrite) return;
      for (int64_t i = begin; i < end; ++i) value[i] = mean[i];
    });
  });
}

}  // namespace

void optimizer_update(const OptimizerSettings& settings, OptimizerVariable* variables,
                      int64_t count, const View& learning_rate, const View& iterations,
                      const View& u_product, const View& partial_sums) {
  int64_t& calls = *iterations.ptr<int64_t>();
  const int64_t every = settings.accumulation_steps;
  const int64_t step = every > 0 ? calls / every : calls;
  const bool updates = every == 0 || (calls + 1) % every == 0;
  if (every > 0) accumulate(settings, variables, count, updates);
  if (updates) {
    if (every > 0) {
      for (int64_t v = 0; v < count; ++v) {
        if (variables[v].gradient) variables[v].gradient = variables[v].accumulator;
      }
    }
    const double unscale = every > 0 ? 1 : 1 / settings.loss_scale;
    find_scales(settings, variables, count, unscale, partial_sums.ptr<double>());
    double product = 1;
    if (settings.kind == OptimizerKind::nadam) {
      dispatch_floating(u_product.dtype, [&]<class T>(T) {
        using A = wide<T>;
        const A decay = math::pow(static_cast<A>(0.96), static_cast<A>(step + 1));
        const A u = static_cast<A>(settings.beta_1) * (A(1) - A(0.5) * decay);
        T* stored = u_product.ptr<T>();
        *stored = static_cast<T>(static_cast<A>(*stored) * u);
        product = static_cast<double>(static_cast<A>(*stored));
      });
    }
    const double rate = number_at(learning_rate);
    const auto single = make_scalars<float>(settings, rate, step + 1, product);
    const auto twice = make_scalars<double>(settings, rate, step + 1, product);
    for_pieces(variables, count, [&](const OptimizerVariable& v, int64_t begin, int64_t end) {
      if (!v.gradient) return;
      dispatch_floating(v.dtype, [&]<class T>(T) {
        if constexpr (sizeof(T) == 8) {
          apply_rule<T>(settings, v, twice, begin, end);
        } else {
          apply_rule<T>(settings, v, single, begin, end);
        }
      });
    });
    if (every > 0) clear_accumulators(variables, count);
  }
  if (settings.use_ema) average(settings, variables, count, step);
  ++calls;
}

}  // namespace danlu::cpu::DL_LEVEL
