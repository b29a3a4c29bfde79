// One token through the language model: what candle does in hundreds of launches, in five for each
// layer. All arithmetic is in f32; the order of every sum is fixed, so that equal inputs give equal
// tokens.
//
// A matrix product reads each weight once and does next to nothing with it, so what counts is that
// the memory never waits. Hence a warp for two rows, no shared memory and no step before the first
// weight is read: the sum of squares that RMSNorm divides by is taken along the way, and its
// division put off to the end.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

constexpr int WARP = 32;
// Warps of a block of a matrix product.
constexpr int WARPS = 8;
// Warps of a block of the attention, each with every so-many-th position.
constexpr int READERS = 4;
// Positions that a warp of the attention looks at together.
constexpr int TOGETHER = 4;

__device__ float to_f32(float x) { return x; }
__device__ float to_f32(__half x) { return __half2float(x); }
__device__ float to_f32(__nv_bfloat16 x) { return __bfloat162float(x); }

__device__ void from_f32(float x, float *to) { *to = x; }
__device__ void from_f32(float x, __half *to) { *to = __float2half(x); }
__device__ void from_f32(float x, __nv_bfloat16 *to) { *to = __float2bfloat16(x); }

__device__ float sum_of_warp(float x) {
  for (int step = WARP / 2; step > 0; step /= 2)
    x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

// ---- How a row of weights is stored. `load` gives a lane its `EACH` weights of the n-th round,
// ---- `at` says which columns they are in runs of four.

template <typename T, int N> struct alignas(sizeof(T) * N) Run {
  T values[N];
};

template <typename T> struct Plain {
  static constexpr int EACH = 16 / sizeof(T);
  static __device__ size_t row_bytes(int columns) { return size_t(columns) * sizeof(T); }
  static __device__ int at(int round, int lane, int run) {
    return (round * WARP + lane) * EACH + 4 * run;
  }
  static __device__ void load(const uint8_t *row, int round, int lane, float *to) {
    // Read once: not to push x out of the cache.
    const uint4 bits = __ldcs(reinterpret_cast<const uint4 *>(row) + round * WARP + lane);
    const auto &run = reinterpret_cast<const Run<T, EACH> &>(bits);
#pragma unroll
    for (int i = 0; i < EACH; i++)
      to[i] = to_f32(run.values[i]);
  }
};

// ggml's q8_0: 32 weights as a scale (f16) and 32 signed bytes.
struct Q8_0 {
  static constexpr int EACH = 8;
  static constexpr int BLOCK = 32, BYTES = 34;
  static __device__ size_t row_bytes(int columns) { return size_t(columns) / BLOCK * BYTES; }
  static __device__ int at(int round, int lane, int run) {
    return (round * WARP + lane) * EACH + 4 * run;
  }
  static __device__ void load(const uint8_t *row, int round, int lane, float *to) {
    const int group = round * WARP + lane;
    const uint8_t *block = row + size_t(group / 4) * BYTES;
    const float scale = __half2float(*reinterpret_cast<const __half *>(block));
    // Blocks are aligned to two bytes only.
    const uint16_t *pairs = reinterpret_cast<const uint16_t *>(block + 2) + group % 4 * 4;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const uint16_t pair = pairs[i];
      to[2 * i] = scale * float(int8_t(pair & 0xff));
      to[2 * i + 1] = scale * float(int8_t(pair >> 8));
    }
  }
};

// ggml's q4_K: 256 weights as two scales (f16), 8 pairs of a 6-bit scale and a 6-bit minimum in 12
// bytes, and 128 bytes of 4-bit weights: of each 32 bytes the low halves are 32 weights, the high
// halves the 32 after them.
struct Q4K {
  static constexpr int EACH = 8;
  static constexpr int BLOCK = 256, BYTES = 144;
  static __device__ size_t row_bytes(int columns) { return size_t(columns) / BLOCK * BYTES; }
  static __device__ int at(int round, int lane, int run) {
    return round * BLOCK + lane / 8 * 64 + lane % 8 * 4 + 32 * run;
  }
  static __device__ void scale_and_minimum(const uint8_t *packed, int j, int *scale, int *minimum) {
    if (j < 4) {
      *scale = packed[j] & 63;
      *minimum = packed[j + 4] & 63;
    } else {
      *scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4);
      *minimum = (packed[j + 4] >> 4) | (packed[j] >> 6 << 4);
    }
  }
  static __device__ void load(const uint8_t *row, int round, int lane, float *to) {
    const uint8_t *block = row + size_t(round) * BYTES;
    const auto scales = *reinterpret_cast<const Run<__half, 2> *>(block);
    const float d = __half2float(scales.values[0]), least = __half2float(scales.values[1]);
    const uint32_t packed = reinterpret_cast<const uint32_t *>(block + 16)[lane];
#pragma unroll
    for (int run = 0; run < 2; run++) {
      int scale, minimum;
      scale_and_minimum(block + 4, lane / 8 * 2 + run, &scale, &minimum);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int weight = packed >> (8 * i + 4 * run) & 15;
        to[4 * run + i] = d * float(scale) * float(weight) - least * float(minimum);
      }
    }
  }
};

// ---- Matrix times vector

struct Pair {
  float a, b;
};

__device__ const uint8_t *row_of(const void *weights, size_t row, size_t bytes) {
  return static_cast<const uint8_t *>(weights) + row * bytes;
}

// One round of two rows: what a lane has of them.
template <typename F>
__device__ void round_of(const uint8_t *a, const uint8_t *b, int round, const float *x,
                         const float *norm, Pair *sum, float *squares) {
  const int lane = threadIdx.x % WARP;
  float weights_a[F::EACH], weights_b[F::EACH];
  F::load(a, round, lane, weights_a);
  F::load(b, round, lane, weights_b);
#pragma unroll
  for (int run = 0; run < F::EACH / 4; run++) {
    const int at = F::at(round, lane, run);
    const auto four = *reinterpret_cast<const Run<float, 4> *>(x + at);
    Run<float, 4> gain;
    if (norm)
      gain = *reinterpret_cast<const Run<float, 4> *>(norm + at);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float value = four.values[i];
      if (norm) {
        *squares += value * value;
        value *= gain.values[i];
      }
      sum->a += weights_a[4 * run + i] * value;
      sum->b += weights_b[4 * run + i] * value;
    }
  }
}

// Two rows times x, by a warp; with `norm`, times RMSNorm(x). Every lane has the result.
template <typename F>
__device__ Pair multiply(const uint8_t *a, const uint8_t *b, int columns, const float *x,
                         const float *norm, float epsilon) {
  Pair sum = {0, 0};
  float squares = 0;
  const int whole = columns / (WARP * F::EACH);
#pragma unroll 4
  for (int round = 0; round < whole; round++)
    round_of<F>(a, b, round, x, norm, &sum, &squares);
  if (F::at(whole, threadIdx.x % WARP, 0) < columns)
    round_of<F>(a, b, whole, x, norm, &sum, &squares);
  sum.a = sum_of_warp(sum.a);
  sum.b = sum_of_warp(sum.b);
  if (norm) {
    const float scale = rsqrtf(sum_of_warp(squares) / float(columns) + epsilon);
    sum.a *= scale;
    sum.b *= scale;
  }
  return sum;
}

__device__ int warp_of_grid() { return blockIdx.x * WARPS + threadIdx.x / WARP; }

// Query, key and value of the token, the first two turned by their position (RoPE); key and value
// go to their place in the cache: (heads, capacity, head_size).
template <typename F, typename T>
__device__ void qkv(const void *q, const void *k, const void *v, const float *x, const float *norm,
                    const float *cosines, const float *sines, const int *position, float *query,
                    T *keys, T *values, int columns, int heads, int kv_heads, int head_size,
                    int capacity, float epsilon) {
  const int half = head_size / 2;
  int pair = warp_of_grid();
  const int queries = heads * half, others = kv_heads * half;
  if (pair >= queries + 2 * others)
    return;
  const void *weights = q;
  if (pair >= queries + others) {
    weights = v;
    pair -= queries + others;
  } else if (pair >= queries) {
    weights = k;
    pair -= queries;
  }
  const int head = pair / half, i = pair % half;
  const size_t bytes = F::row_bytes(columns);
  const int first = head * head_size + i;
  const Pair raw = multiply<F>(row_of(weights, first, bytes), row_of(weights, first + half, bytes),
                               columns, x, norm, epsilon);
  if (threadIdx.x % WARP != 0)
    return;
  const int at = *position;
  const size_t cached = (size_t(head) * capacity + at) * head_size + i;
  if (weights == v) {
    from_f32(raw.a, values + cached);
    from_f32(raw.b, values + cached + half);
    return;
  }
  const float cosine = cosines[size_t(at) * half + i], sine = sines[size_t(at) * half + i];
  const float a = raw.a * cosine - raw.b * sine, b = raw.b * cosine + raw.a * sine;
  if (weights == q) {
    query[first] = a;
    query[first + half] = b;
  } else {
    from_f32(a, keys + cached);
    from_f32(b, keys + cached + half);
  }
}

// x += W y
template <typename F>
__device__ void add(const void *weights, const float *y, float *x, int columns, int rows) {
  const int row = 2 * warp_of_grid();
  if (row >= rows)
    return;
  // The last row of an odd number is taken twice.
  const int second = row + 1 < rows ? row + 1 : row;
  const size_t bytes = F::row_bytes(columns);
  const Pair sum = multiply<F>(row_of(weights, row, bytes), row_of(weights, second, bytes), columns,
                               y, nullptr, 0);
  if (threadIdx.x % WARP != 0)
    return;
  x[row] += sum.a;
  if (second != row)
    x[second] += sum.b;
}

// to = silu(G x) * (U x)
template <typename F>
__device__ void gate_up(const void *gate, const void *up, const float *x, const float *norm,
                        float *to, int columns, int rows, float epsilon) {
  const int row = warp_of_grid();
  if (row >= rows)
    return;
  const size_t bytes = F::row_bytes(columns);
  const Pair sum = multiply<F>(row_of(gate, row, bytes), row_of(up, row, bytes), columns, x, norm,
                               epsilon);
  if (threadIdx.x % WARP == 0)
    to[row] = sum.a / (1 + expf(-sum.a)) * sum.b;
}

struct Best {
  float logit;
  int token;
  // Some logit is no number.
  int nan;
};

__device__ Best better(Best one, Best other) {
  const bool take = other.logit > one.logit ||
                    (other.logit == one.logit && other.token < one.token);
  return {take ? other.logit : one.logit, take ? other.token : one.token, one.nan | other.nan};
}

// The logits, and the best of each block.
template <typename F>
__device__ void logits(const void *weights, const float *x, const float *norm, float *to,
                       Best *best, int columns, int rows, float epsilon) {
  __shared__ Best found[WARPS];
  const int row = 2 * warp_of_grid();
  Best mine = {-INFINITY, 0x7fffffff, 0};
  if (row < rows) {
    const int second = row + 1 < rows ? row + 1 : row;
    const size_t bytes = F::row_bytes(columns);
    const Pair sum = multiply<F>(row_of(weights, row, bytes), row_of(weights, second, bytes),
                                 columns, x, norm, epsilon);
    mine = better({sum.a, row, sum.a != sum.a}, {sum.b, second, sum.b != sum.b});
    if (threadIdx.x % WARP == 0) {
      to[row] = sum.a;
      to[second] = sum.b;
    }
  }
  if (threadIdx.x % WARP == 0)
    found[threadIdx.x / WARP] = mine;
  __syncthreads();
  if (threadIdx.x != 0)
    return;
  for (int warp = 1; warp < WARPS; warp++)
    mine = better(mine, found[warp]);
  best[blockIdx.x] = mine;
}

// The best of all is the next token, one position further on. One block of one warp.
extern "C" __global__ void choose(const Best *best, int blocks, uint32_t *token, int *position,
                                  uint32_t *chosen) {
  Best mine = {-INFINITY, 0x7fffffff, 0};
  for (int i = threadIdx.x; i < blocks; i += WARP)
    mine = better(mine, best[i]);
  for (int step = WARP / 2; step > 0; step /= 2) {
    Best other;
    other.logit = __shfl_xor_sync(0xffffffffu, mine.logit, step);
    other.token = __shfl_xor_sync(0xffffffffu, mine.token, step);
    other.nan = __shfl_xor_sync(0xffffffffu, mine.nan, step);
    mine = better(mine, other);
  }
  if (threadIdx.x != 0)
    return;
  // Where every logit is no number there is no best one, and a token must stay one.
  const uint32_t next = mine.token == 0x7fffffff ? 0 : mine.token;
  *token = next;
  *position += 1;
  chosen[0] = next;
  chosen[1] = mine.nan;
}

template <typename T>
__device__ void embed(const T *table, const uint32_t *token, float *x, int size) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < size)
    x[i] = to_f32(table[size_t(*token) * size + i]);
}

// ---- Attention of one token over all before it and itself

// What was seen of some positions: the largest score, the sum of the weights relative to it, and
// the weighted values.
template <int N> struct Seen {
  float largest, weight, value[N];
};

template <int N> __device__ void join(Seen<N> *to, float largest, float weight, const float *value) {
  const float both = fmaxf(to->largest, largest);
  // Nothing was seen by either: -inf less -inf would be no number.
  if (both == -INFINITY)
    return;
  const float mine = expf(to->largest - both), other = expf(largest - both);
  to->largest = both;
  to->weight = to->weight * mine + weight * other;
#pragma unroll
  for (int i = 0; i < N; i++)
    to->value[i] = to->value[i] * mine + value[i] * other;
}

// A block for each head and share of the positions; the last block of a head to end joins the
// shares, in their order. A lane has N of a head's values next to each other.
template <typename T, int N>
__device__ void attention(const float *query, const T *keys, const T *values, const int *position,
                          float *shares, uint32_t *ended, float *to, int heads, int kv_heads,
                          int head_size, int capacity) {
  const int head = blockIdx.x, share = blockIdx.y, parts = gridDim.y;
  const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
  const int positions = *position + 1;
  const int each = (positions + parts - 1) / parts;
  const int begin = share * each, end = min(begin + each, positions);
  const bool has = lane * N < head_size;
  const size_t base = size_t(head / (heads / kv_heads)) * capacity * head_size;
  using Part = Run<T, N>;

  float mine[N];
#pragma unroll
  for (int i = 0; i < N; i++)
    mine[i] = has ? query[head * head_size + lane * N + i] * rsqrtf(float(head_size)) : 0;
  Seen<N> seen = {-INFINITY, 0, {}};
  for (int first = begin + warp; first < end; first += READERS * TOGETHER) {
    float scores[TOGETHER];
    Part value[TOGETHER];
#pragma unroll
    for (int n = 0; n < TOGETHER; n++) {
      const int at = first + n * READERS;
      float score = 0;
      if (has && at < end) {
        const size_t start = base + size_t(at) * head_size + lane * N;
        const Part key = *reinterpret_cast<const Part *>(keys + start);
        value[n] = *reinterpret_cast<const Part *>(values + start);
#pragma unroll
        for (int i = 0; i < N; i++)
          score += mine[i] * to_f32(key.values[i]);
      }
      scores[n] = score;
    }
#pragma unroll
    for (int n = 0; n < TOGETHER; n++) {
      const float score = sum_of_warp(scores[n]);
      if (first + n * READERS < end) {
        float weighed[N];
#pragma unroll
        for (int i = 0; i < N; i++)
          weighed[i] = has ? to_f32(value[n].values[i]) : 0;
        join<N>(&seen, score, 1, weighed);
      }
    }
  }

  __shared__ float of_warps[READERS][WARP * N + 2];
  of_warps[warp][0] = seen.largest;
  of_warps[warp][1] = seen.weight;
#pragma unroll
  for (int i = 0; i < N; i++)
    of_warps[warp][2 + lane * N + i] = seen.value[i];
  __syncthreads();
  if (warp != 0)
    return;
  for (int other = 1; other < READERS; other++)
    join<N>(&seen, of_warps[other][0], of_warps[other][1], &of_warps[other][2 + lane * N]);
  const int size = WARP * N + 2;
  float *share_of_head = shares + (size_t(head) * parts + share) * size;
  share_of_head[0] = seen.largest;
  share_of_head[1] = seen.weight;
#pragma unroll
  for (int i = 0; i < N; i++)
    share_of_head[2 + lane * N + i] = seen.value[i];
  __threadfence();
  __syncwarp();
  uint32_t before = 0;
  if (lane == 0)
    before = atomicAdd(&ended[head], 1u);
  if (__shfl_sync(0xffffffffu, before, 0) != uint32_t(parts - 1))
    return;
  __threadfence();
  Seen<N> all = {-INFINITY, 0, {}};
  for (int part = 0; part < parts; part++) {
    // Written by other blocks: not from this multiprocessor's cache.
    const volatile float *other = shares + (size_t(head) * parts + part) * size;
    float value[N];
#pragma unroll
    for (int i = 0; i < N; i++)
      value[i] = other[2 + lane * N + i];
    join<N>(&all, other[0], other[1], value);
  }
#pragma unroll
  for (int i = 0; i < N; i++)
    if (has)
      to[head * head_size + lane * N + i] = all.value[i] / all.weight;
  if (lane == 0)
    ended[head] = 0;
}

// ---- The entries, one for each format

#define QKV(NAME, F, T)                                                                            \
  extern "C" __global__ void __launch_bounds__(WARPS *WARP)                                        \
      NAME(const void *q, const void *k, const void *v, const float *x, const float *norm,         \
           const float *cosines, const float *sines, const int *position, float *query, T *keys,   \
           T *values, int columns, int heads, int kv_heads, int head_size, int capacity,           \
           float epsilon) {                                                                        \
    qkv<F, T>(q, k, v, x, norm, cosines, sines, position, query, keys, values, columns, heads,     \
              kv_heads, head_size, capacity, epsilon);                                             \
  }

#define PRODUCTS(NAME, F)                                                                          \
  extern "C" __global__ void __launch_bounds__(WARPS *WARP)                                        \
      add_##NAME(const void *weights, const float *y, float *x, int columns, int rows) {           \
    add<F>(weights, y, x, columns, rows);                                                          \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(WARPS *WARP)                                        \
      gate_up_##NAME(const void *gate, const void *up, const float *x, const float *norm,          \
                     float *to, int columns, int rows, float epsilon) {                            \
    gate_up<F>(gate, up, x, norm, to, columns, rows, epsilon);                                     \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(WARPS *WARP)                                        \
      logits_##NAME(const void *weights, const float *x, const float *norm, float *to, Best *best, \
                    int columns, int rows, float epsilon) {                                        \
    logits<F>(weights, x, norm, to, best, columns, rows, epsilon);                                 \
  }

PRODUCTS(f32, Plain<float>)
PRODUCTS(f16, Plain<__half>)
PRODUCTS(bf16, Plain<__nv_bfloat16>)
PRODUCTS(q8_0, Q8_0)
PRODUCTS(q4k, Q4K)

QKV(qkv_f32_f32, Plain<float>, float)
QKV(qkv_f16_f16, Plain<__half>, __half)
QKV(qkv_bf16_bf16, Plain<__nv_bfloat16>, __nv_bfloat16)
QKV(qkv_q8_0_f32, Q8_0, float)
QKV(qkv_q8_0_f16, Q8_0, __half)
QKV(qkv_q8_0_bf16, Q8_0, __nv_bfloat16)
QKV(qkv_q4k_f32, Q4K, float)
QKV(qkv_q4k_f16, Q4K, __half)
QKV(qkv_q4k_bf16, Q4K, __nv_bfloat16)

#define ATTENTION(NAME, T, N)                                                                      \
  extern "C" __global__ void __launch_bounds__(READERS *WARP)                                      \
      attention_##NAME##_##N(const float *query, const T *keys, const T *values,                   \
                             const int *position, float *shares, uint32_t *ended, float *to,       \
                             int heads, int kv_heads, int head_size, int capacity) {               \
    attention<T, N>(query, keys, values, position, shares, ended, to, heads, kv_heads, head_size,  \
                    capacity);                                                                     \
  }

#define OF_TYPE(NAME, T)                                                                           \
  ATTENTION(NAME, T, 1)                                                                            \
  ATTENTION(NAME, T, 2)                                                                            \
  ATTENTION(NAME, T, 4)                                                                            \
  ATTENTION(NAME, T, 8)                                                                            \
  extern "C" __global__ void embed_##NAME(const T *table, const uint32_t *token, float *x,         \
                                          int size) {                                              \
    embed<T>(table, token, x, size);                                                               \
  }

OF_TYPE(f32, float)
OF_TYPE(f16, __half)
OF_TYPE(bf16, __nv_bfloat16)
