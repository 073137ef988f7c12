// Showers of the layered generator (heitler.model.layered), one after another on one thread.
//
// The same arithmetic as there, in another order: convolutions of hits add each hit's kernel where
// it reaches, energies are drawn of hit cells only, and the 3 x 3 convolution is Winograd's
// F(2x2, 3x3) [Lavin and Gray 2016, arXiv:1509.09308], whose tiles are the squares of 2 x 2 cells
// that have one cell in every turn. A cell's numbers lie at a slot: turn, then tile.
// Compiled for the sizes of one generator, which compiled_backend.py gives as macros.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#ifdef __AVX512F__
constexpr int LANES = 16, VECTORS = 2, MOST_ROWS = 13;
#else
constexpr int LANES = 8, VECTORS = 3, MOST_ROWS = 4;
#endif
typedef float Floats __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t Ints __attribute__((vector_size(4 * LANES), may_alias));
typedef uint32_t Words __attribute__((vector_size(4 * LANES), may_alias));

static Floats &at(float *from) { return *reinterpret_cast<Floats *>(from); }
static const Floats &at(const float *from) { return *reinterpret_cast<const Floats *>(from); }
constexpr int up(int n, int step) { return (n + step - 1) / step * step; }
constexpr int wide(int n) { return up(n, LANES); }

// Sizes of the image, its tiles and slots.
constexpr int CELLS = X * Y, C = wide(CHANNELS), TILES_X = (X + 1) / 2, TILES_Y = (Y + 1) / 2;
constexpr int ROWS = (TILES_Y + (TILES_Y + MOST_ROWS - 1) / MOST_ROWS - 1) /
                     ((TILES_Y + MOST_ROWS - 1) / MOST_ROWS);
constexpr int PITCH = up(TILES_Y, ROWS), SLOTS = wide(TILES_X * PITCH), OUTPUTS = 1 + 3 * COMPONENTS;
constexpr int turn_places[][2] = {TURNS};
constexpr int TURN_COUNT = sizeof(turn_places) / sizeof(*turn_places);
static_assert(TURN_COUNT == 4, "turns are the four cells of a tile");
constexpr float radii[] = {RADII}, rings[] = {RINGS}, few_hits[] = {FEW};
static_assert(LEFT == 3 + sizeof(few_hits) / sizeof(*few_hits));
constexpr int NODES = sizeof(radii) / sizeof(*radii), RING_COUNT = sizeof(rings) / sizeof(*rings);
constexpr int STATE = 1 + HAS_THETA + Z + PAST * TOTALS + 2;
constexpr int CELL_STATE = STATE + TOTALS + PAST * RING_COUNT;
constexpr int OF_TURNS = 3 * CELLS + NUMBERS, PER_LAYER = OF_TURNS + 4 * (TURN_COUNT - 1);

// ---- Elementary functions of many numbers, to about one unit in the last place (as Cephes).

static Floats exp_of(Floats x) {
    x = x < -87.0f ? Floats{} - 87.0f : x > 88.0f ? Floats{} + 88.0f : x;
    Floats n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;  // to the nearest whole number
    x = x - n * 0.693359375f + n * 2.12194440e-4f;
    Floats p = Floats{} + 1.9875691500e-4f;
    for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 0.5f})
        p = p * x + c;
    Ints exponent = (__builtin_convertvector(n, Ints) + 127) << 23;
    return (p * x * x + x + 1.0f) * (Floats)exponent;
}

static Floats log_of(Floats x) {
    Ints bits = (Ints)x, exponent = (bits >> 23) - 126;
    Floats m = (Floats)((bits & 0x7fffff) | 0x3f000000);  // from 0.5 to 1
    Ints low = m < 0.707106781f;
    Floats e = __builtin_convertvector(exponent + low, Floats);
    m = (low ? m + m : m) - 1.0f;
    Floats p = Floats{} + 7.0376836292e-2f;
    for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                    -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f})
        p = p * m + c;
    return (p * m * m * m - e * 2.12194440e-4f - 0.5f * m * m) + m + e * 0.693359375f;
}

static Floats leaky(Floats x) { return x > 0.0f ? x : SLOPE * x; }
static void silu(float *x, int n) {
    for (int i = 0; i < n; i += LANES) at(x + i) = at(x + i) / (1.0f + exp_of(-at(x + i)));
}
static float sum_of(Floats x) {
    float total = 0;
    for (int i = 0; i < LANES; i++) total += x[i];
    return total;
}

// ---- Random numbers, as heitler.model.layered.noise.

template <class W> static W mix(W word) {
    word = (word ^ (word >> 17)) * 0xED5AD4BBu;
    word = (word ^ (word >> 11)) * 0xAC4C1B51u;
    word = (word ^ (word >> 15)) * 0x31848BABu;
    return word ^ (word >> 14);
}

struct Noise {
    uint32_t first, second;
    Noise(const float *latent, int count) : first(0x243F6A88u), second(0x85A308D3u) {
        for (int i = 0; i < std::min(count, 8); i++) {
            uint32_t step = uint32_t(int64_t(std::floor(latent[i] * 65536.0f)));
            first = mix(first ^ step), second = mix(second ^ step);
        }
    }
    float uniform(int number) const {
        uint32_t word = mix(mix(uint32_t(number + 1) * 0x9E3779B9u ^ first) + second);
        return (float(word >> 9) + 0.5f) * 0x1p-23f;
    }
    Floats uniforms(Words number) const {
        Words word = mix(mix((number + 1u) * 0x9E3779B9u ^ first) + second);
        return (__builtin_convertvector((Ints)(word >> 9), Floats) + 0.5f) * 0x1p-23f;
    }
};

static float normal(float uniform, float other) {
    return std::sqrt(-2 * std::log(uniform)) * std::cos(6.2831853071795862f * other);
}

static float draw_mixture(const float *said, int count, float uniform, float other) {
    float top = *std::max_element(said, said + count), chance[32], total = 0, start = 0, below = 0;
    for (int i = 0; i < count; i++) total += chance[i] = std::exp(said[i] - top);
    int chosen = 0;
    for (int i = 0; i < count; below += chance[i++] / total)
        if (uniform >= below) chosen = i, start = below;
    float rest = (uniform - start) / (chance[chosen] / total);
    float width = std::clamp(said[2 * count + chosen], NARROWEST, WIDEST);
    return said[count + chosen] +
           std::exp(width) * normal(std::clamp(rest, SMALLEST, 1.0f), other);
}

// ---- Weights, with columns padded to whole vectors.

template <int N> static void add_rows(const float *x, int rows, const float *w, int step, float *y) {
    Floats sum[N];
    for (int v = 0; v < N; v++) sum[v] = at(y + v * LANES);
    for (int i = 0; i < rows; i++, w += step) {
        if (x[i] == 0) continue;
        for (int v = 0; v < N; v++) sum[v] += x[i] * at(w + v * LANES);
    }
    for (int v = 0; v < N; v++) at(y + v * LANES) = sum[v];
}

template <int IN, int OUT> struct Dense {
    static constexpr int W = wide(OUT);
    alignas(64) float weight[IN][W], bias[W];
    void read(const float *&from) {
        for (int i = 0; i < IN; i++, from += OUT) std::copy(from, from + OUT, weight[i]);
        std::copy(from, from + OUT, bias);
        from += OUT;
    }
    // y (W) += x (rows) times the weights from row `first` on
    void add(const float *x, int first, int rows, float *y) const {
        constexpr int N = W / LANES, M = std::min(N, 8);
        add_rows<M>(x, rows, weight[first], W, y);
        if constexpr (N > M) add_rows<std::min(N - M, 8)>(x, rows, weight[first] + M * LANES, W, y + M * LANES);
        static_assert(N <= 16, "wider than two blocks of vectors");
    }
    void apply(const float *x, float *y) const {
        std::copy(bias, bias + W, y);
        add(x, 0, IN, y);
    }
};

template <int SIDE, int IN, int OUT> struct Taps {
    static constexpr int W = wide(OUT), REACH = SIDE / 2, ROW = Y + 2 * REACH;
    static constexpr int SIZE = (X + 2 * REACH) * ROW * W;  // of an image with a margin
    alignas(64) float weight[IN][SIDE][SIDE][W], bias[W];   // turned about: where an input reaches
    void read(const float *&from) {
        for (int i = SIDE; i--;)
            for (int j = SIDE; j--;)
                for (int c = 0; c < IN; c++, from += OUT) std::copy(from, from + OUT, weight[c][i][j]);
        std::copy(from, from + OUT, bias);
        from += OUT;
    }
    // Add what an input at a cell says of all cells around: to an image with a margin.
    void scatter(int plane, float value, int cell, float *image) const {
        float *to = image + (cell / Y * ROW + cell % Y) * W;
        for (int i = 0; i < SIDE; i++, to += ROW * W)
            for (int k = 0; k < SIDE * W; k += LANES) at(to + k) += value * at(weight[plane][i][0] + k);
    }
    static int inside(int cell) { return ((cell / Y + REACH) * ROW + cell % Y + REACH) * W; }
};

// P rows (of C numbers) times weights (CHANNELS, C), V vectors of columns.
template <int P, int V> static void block(const float *in, const float *w, float *out) {
    Floats sum[P][V] = {};
    for (int k = 0; k < CHANNELS; k++)
        for (int p = 0; p < P; p++)
            for (int v = 0; v < V; v++) sum[p][v] += in[p * C + k] * at(w + k * C + v * LANES);
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) at(out + p * C + v * LANES) = sum[p][v];
}

static void multiply(const float *in, int rows, const float *w, float *out) {
    constexpr int REST = C / LANES % VECTORS;
    for (int p = 0; p < rows; p += ROWS) {
        int v = 0;
        for (; v + VECTORS * LANES <= C; v += VECTORS * LANES)
            block<ROWS, VECTORS>(in + p * C, w + v, out + p * C + v);
        if constexpr (REST) block<ROWS, REST>(in + p * C, w + v, out + p * C + v);
    }
}

struct Network {
    struct { Dense<LAYER_FIRST> first; Dense<LAYER_SECOND> second; Dense<LAYER_HITS> hits;
             Dense<LAYER_ENERGY_HIDDEN> energy_hidden; Dense<LAYER_ENERGY> energy; } layer;
    Dense<CELL_STEER> steer; Dense<CELL_STEER_FEATURES> steer_features;
    Dense<CELL_TURN> turn; Dense<CELL_TURN_HIDDEN> turn_hidden; Dense<CELL_STEER_TURN> steer_turn;
    Dense<CELL_COUNT_HIDDEN> count_hidden; Dense<CELL_COUNT> count;
    Dense<CELL_SUM_HIDDEN> sum_hidden; Dense<CELL_SUM> sum;
    Dense<CELL_RADIAL> radial; Dense<CELL_PLACE> place; Dense<CELL_INNER> inner;
    Dense<CELL_OUTPUTS> outputs;
    Taps<CELL_CONV_FIRST> first; Taps<CELL_CONV_SECOND> second; Taps<CELL_CONV_DRAWN> drawn;
    float axis[2][2][Z], spectrum[POINTS], profile[Z][NODES][2], scales[4];
    float energy_unit_GeV, cell_unit_GeV;
    // Made from them:
    alignas(64) float winograd[4][4][CHANNELS][C], of_outputs[CHANNELS], done[TURN_COUNT][SLOTS][C];
    int32_t cell[TURN_COUNT][SLOTS];  // at a slot; -1 where there is none
    int32_t taken[TURN_COUNT][DRAWS][SLOTS];  // as `draw_cells`
    int cells_of_turn[TURN_COUNT];
    float typical_hits, least_energy;

    const float *read(const float *from);
    void prepare();
    void prepare_done();
};

const float *Network::read(const float *from) {
    layer.first.read(from), layer.second.read(from), layer.hits.read(from);
    layer.energy_hidden.read(from), layer.energy.read(from);
    steer.read(from), steer_features.read(from), turn.read(from), turn_hidden.read(from);
    steer_turn.read(from), count_hidden.read(from), count.read(from), sum_hidden.read(from), sum.read(from);
    radial.read(from), place.read(from), inner.read(from), outputs.read(from);
    first.read(from), second.read(from), drawn.read(from);
    auto copy = [&](float *to, size_t bytes) { std::memcpy(to, from, bytes), from += bytes / 4; };
    copy(axis[0][0], sizeof axis), copy(spectrum, sizeof spectrum);
    copy(profile[0][0], sizeof profile), copy(scales, sizeof scales);
    copy(&energy_unit_GeV, 4), copy(&cell_unit_GeV, 4);
    return from;
}

void Network::prepare() {
    static_assert(decltype(second)::REACH == 1, "Winograd's form is of 3 x 3 taps");
    typical_hits = scales[0] * scales[1] / Z;
    least_energy = std::exp(spectrum[0]);
    const float g[4][3] = {{1, 0, 0}, {.5f, .5f, .5f}, {.5f, -.5f, .5f}, {0, 0, 1}};
    for (int c = 0; c < CHANNELS; c++) {
        of_outputs[c] = outputs.weight[c][0];
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++)
                for (int i = 0; i < 9; i++)  // turned back
                    for (int o = 0; o < CHANNELS; o++)
                        winograd[a][b][c][o] +=
                            g[a][i / 3] * g[b][i % 3] * second.weight[c][2 - i / 3][2 - i % 3][o];
    }
    for (int t = 0; t < TURN_COUNT; t++) {
        std::fill(cell[t], cell[t] + SLOTS, -1);
        cells_of_turn[t] = 0;
        for (int x = turn_places[t][0]; x < X; x += 2)
            for (int y = turn_places[t][1]; y < Y; y += 2, cells_of_turn[t]++)
                cell[t][x / 2 * PITCH + y / 2] = x * Y + y;
        std::vector<int> own;
        for (int s = 0; s < SLOTS; s++)
            if (cell[t][s] >= 0) own.push_back(s);
        int n = int(own.size()), apart = std::max(n / DRAWS, 1);
        for (int draw = 0; draw < DRAWS; draw++)
            for (int i = 0; i < n; i++) taken[t][draw][own[i]] = own[(i + apart * draw) % n];
    }
    prepare_done();
}

// What the plane of cells that had their turn says in each turn, and the bias.
void Network::prepare_done() {
    struct Image { alignas(64) float said[decltype(drawn)::SIZE]; };
    std::unique_ptr<Image> image(new Image());
    float *said = image->said;
    for (int t = 1; t < TURN_COUNT; t++) {
        for (int s = 0; s < SLOTS; s++)
            if (cell[t - 1][s] >= 0) drawn.scatter(DRAWN - 1, 1, cell[t - 1][s], said);
        for (int s = 0; s < SLOTS; s++)
            if (cell[t][s] >= 0)
                for (int c = 0; c < C; c++)
                    done[t][s][c] = said[drawn.inside(cell[t][s]) + c] + drawn.bias[c];
    }
}

struct Hit { int cell; float feature; };

constexpr float steps[DRAWS] = {STEPS};

// One shower under construction.
struct Shower {
    const Network &net;
    Noise noise;
    alignas(64) float column[decltype(Network::first)::SIZE] = {}, before[decltype(Network::first)::SIZE];
    alignas(64) float drawn[decltype(Network::drawn)::SIZE];
    alignas(64) float hidden_image[2 * TILES_X + 2][2 * PITCH + 2][C] = {};
    alignas(64) float features[TURN_COUNT][TILES_X * PITCH][C] = {}, inner[SLOTS][C] = {};
    alignas(64) float frequency[2][16][PITCH][C] = {}, in_column[CELLS] = {};
    int node[TURN_COUNT][SLOTS] = {}, ring[CELLS];
    alignas(64) float part[TURN_COUNT][SLOTS] = {}, cells[CELLS], logit[SLOTS], score[SLOTS];
    float place_x = NAN, place_y = NAN, past[PAST][TOTALS + RING_COUNT] = {};
    float log_energy_of_particle, cot = 0, expected, energy_before = 0, hits_before = 0;
    std::vector<Hit> hits_of[PAST], own;

    Shower(const Network &network, const float *latent, int count);
    void draw_layer(int z, float *out);
    void see_place(int z);
    void draw_totals(const float *state, int first_number, float &hits, float &energy);
    void convolve(int z, const float *cell_state);
    void second_convolution(const Floats *c, const Floats *d);
    void draw_cells(int z, const float *cell_state, float hits, float energy);
    void say(int turn, const float *hidden);
    float draw_energy(int turn, int slot, int z, const float *radial, float &expected, float &width);
    float draw_sum(const float *hidden, float expected, int hits, float left, int number) const;
    void to_sum(const std::vector<int> &part, const std::vector<float> &width, float energy);
    int draw_count(int turn, const float *hidden, float left, int later, int number) const;
    float level(const float *odds, int cells, int count) const;
    int32_t draw_hits(int turn, int first_number, int count, float left);
    float keep_energy(const std::vector<int> &last, float energy);
    void remember(float hits, float energy, float sum);
};

Shower::Shower(const Network &network, const float *latent, int count)
    : net(network), noise(latent + 1 + HAS_THETA, count - 1 - HAS_THETA) {
    float energy_GeV = latent[0] * net.energy_unit_GeV;
    log_energy_of_particle = std::log(energy_GeV / net.scales[0]);
    if (HAS_THETA) cot = 1 / std::tan(latent[1]);
    expected = energy_GeV * net.scales[1];
}

static float log_energy(float energy) { return std::log(energy + SMALLEST_ENERGY) / 2; }
static float root_hits(float hits, float typical) { return std::sqrt(hits / typical) - 1; }
static void totals(float hits, float energy, float typical, float *to) {
    to[0] = root_hits(hits, typical);
    to[1] = std::log(energy / std::max(hits, 1.0f) + SMALLEST_HIT) / 1.5f;
    to[2] = log_energy(energy);
}

void Shower::draw_layer(int z, float *out) {
    float state[CELL_STATE] = {}, *next = state;  // the layer's state stands in front
    *next++ = log_energy_of_particle;
    if (HAS_THETA) *next++ = cot;
    next[z] = 1, next += Z;
    for (auto &layer : past) next = std::copy(layer, layer + TOTALS, next);
    *next++ = energy_before / expected, *next++ = hits_before / expected;
    float hits, energy;
    draw_totals(state, z * PER_LAYER + 3 * CELLS, hits, energy);
    totals(hits, energy, net.typical_hits, next), next += TOTALS;
    for (auto &layer : past) next = std::copy(layer + TOTALS, layer + TOTALS + RING_COUNT, next);
    see_place(z);
    draw_cells(z, state, hits, energy);
    for (const Hit &hit : own) out[hit.cell * Z + z] = cells[hit.cell] * (net.scales[2] / net.cell_unit_GeV);
}

void Shower::draw_totals(const float *state, int number, float &hits, float &energy) {
    alignas(64) float a[wide(LAYER_HIDDEN)], b[wide(LAYER_HIDDEN)], said[wide(3 * MIXTURE)];
    const auto &level = net.layer;
    level.first.apply(state, a), silu(a, wide(LAYER_HIDDEN));
    level.second.apply(a, b), silu(b, wide(LAYER_HIDDEN));
    level.hits.apply(b, said);
    float root = draw_mixture(said, MIXTURE, noise.uniform(number), noise.uniform(number + 1)) + 1;
    root = std::max(root, 0.0f);
    hits = std::min(std::floor(root * root * net.typical_hits), float(CELLS));
    const float few[3] = {root_hits(hits, net.typical_hits), float(hits == 1), float(hits == 2)};
    std::copy(level.energy_hidden.bias, level.energy_hidden.bias + level.energy_hidden.W, a);
    level.energy_hidden.add(b, 0, LAYER_HIDDEN, a), level.energy_hidden.add(few, LAYER_HIDDEN, 3, a);
    silu(a, level.energy_hidden.W), level.energy.apply(a, said);
    float per_hit = draw_mixture(said, MIXTURE, noise.uniform(number + 2), noise.uniform(number + 3));
    per_hit = std::min(1.5f * per_hit, LARGEST_LOGARITHM);  // no weights, however wrong, make it infinite
    energy = std::max(std::exp(per_hit) - SMALLEST_HIT, 0.0f) * hits;
    energy = std::max(energy, hits * net.least_energy);
}

// Distances from the axis: for each cell its ring, the node before it and how far it is beyond.
void Shower::see_place(int z) {
    float x0 = net.axis[0][0][z] + net.axis[0][1][z] * cot, y0 = net.axis[1][0][z] + net.axis[1][1][z] * cot;
    if (x0 == place_x && y0 == place_y) return;
    place_x = x0, place_y = y0;
    for (int t = 0; t < TURN_COUNT; t++)
        for (int s = 0; s < SLOTS; s++) {
            int cell = net.cell[t][s], n = 0, r = 0;
            if (cell < 0) continue;
            float x = float(cell / Y) - x0, y = float(cell % Y) - y0, distance = std::sqrt(x * x + y * y);
            while (r + 1 < RING_COUNT && distance >= rings[r + 1]) r++;
            ring[cell] = r;
            distance = std::min(distance, radii[NODES - 1]);
            while (n + 2 < NODES && distance >= radii[n + 1]) n++;
            node[t][s] = n, part[t][s] = (distance - radii[n]) / (radii[n + 1] - radii[n]);
        }
}

// What all turns share, `features`: two convolutions over the layers before.
void Shower::convolve(int z, const float *cell_state) {
    alignas(64) float hidden[wide(HIDDEN)], steered[wide(4 * CHANNELS)], by_part[4][C] = {};
    net.steer.apply(cell_state, hidden), silu(hidden, wide(HIDDEN)), net.steer_features.apply(hidden, steered);
    for (int k = 0; k < 4; k++) std::copy(steered + k * CHANNELS, steered + (k + 1) * CHANNELS, by_part[k]);
    std::memcpy(before, column, sizeof before);
    for (int back = 1; back <= std::min(z, PAST); back++)
        for (const Hit &hit : hits_of[(z - back) % PAST]) net.first.scatter(back - 1, hit.feature, hit.cell, before);
    for (int t = 0; t < TURN_COUNT; t++)
        for (int s = 0; s < TILES_X * PITCH; s++) {
            int cell = net.cell[t][s], n = node[t][s];
            if (cell < 0) continue;
            const float *from = before + net.first.inside(cell), *low = net.place.weight[n], *high = net.place.weight[n + 1];
            float *to = hidden_image[cell / Y + 1][cell % Y + 1], f = part[t][s];
            for (int v = 0; v < C; v += LANES) {
                Floats sum = at(from + v) + at(net.first.bias + v) + at(net.place.bias + v);
                sum += at(low + v) * (1 - f) + at(high + v) * f;
                at(to + v) = leaky(sum * (1.0f + at(by_part[0] + v)) + at(by_part[1] + v));
            }
        }
    second_convolution(&at(by_part[2]), &at(by_part[3]));
}

void Shower::second_convolution(const Floats *c, const Floats *d) {
    auto &[in, out] = frequency;
    for (int tx = 0; tx < TILES_X; tx++) {
        for (int ty = 0; ty < TILES_Y; ty++)
            for (int v = 0; v < C; v += LANES) {
                Floats a[4][4];
                for (int j = 0; j < 4; j++) {
                    auto h = [&](int i) { return at(hidden_image[2 * tx + i][2 * ty + j] + v); };
                    a[0][j] = h(0) - h(2), a[1][j] = h(1) + h(2), a[2][j] = h(2) - h(1), a[3][j] = h(1) - h(3);
                }
                for (int i = 0; i < 4; i++) {
                    at(in[4 * i][ty] + v) = a[i][0] - a[i][2], at(in[4 * i + 1][ty] + v) = a[i][1] + a[i][2];
                    at(in[4 * i + 2][ty] + v) = a[i][2] - a[i][1], at(in[4 * i + 3][ty] + v) = a[i][1] - a[i][3];
                }
            }
        for (int k = 0; k < 16; k++) multiply(in[k][0], PITCH, net.winograd[k / 4][k % 4][0], out[k][0]);
        for (int ty = 0; ty < TILES_Y; ty++)
            for (int v = 0; v < C; v += LANES) {
                Floats a[2][4];
                for (int j = 0; j < 4; j++) {
                    auto m = [&](int i) { return at(out[4 * i + j][ty] + v); };
                    a[0][j] = m(0) + m(1) + m(2), a[1][j] = m(1) - m(2) - m(3);
                }
                for (int t = 0; t < TURN_COUNT; t++) {
                    auto [i, j] = turn_places[t];
                    Floats y = j ? a[i][1] - a[i][2] - a[i][3] : a[i][0] + a[i][1] + a[i][2];
                    y += at(net.second.bias + v);
                    at(features[t][tx * PITCH + ty] + v) =
                        at(hidden_image[2 * tx + i + 1][2 * ty + j + 1] + v) +
                        leaky(y * (1.0f + c[v / LANES]) + d[v / LANES]);
                }
            }
    }
}

// The `count` strongest of scores: the score from which on.
static Ints order(Floats x) {
    Ints bits = (Ints)x;
    return bits ^ ((bits >> 31) & 0x7fffffff);  // whole numbers in the order of the floats
}
static int32_t strongest(const float *score, int count) {
    int64_t low = INT32_MIN, high = INT32_MAX;
    while (low < high) {
        int64_t middle = (low + high + 1) >> 1;
        Ints found = {};
        for (int s = 0; s < SLOTS; s += LANES) found -= order(at(score + s)) >= int32_t(middle);
        int total = 0;
        for (int i = 0; i < LANES; i++) total += found[i];
        if (total == count) return int32_t(middle);
        total > count ? low = middle : high = middle - 1;
    }
    return int32_t(low);
}

void Shower::draw_cells(int z, const float *cell_state, float hits, float energy) {
    convolve(z, cell_state);
    std::memset(drawn, 0, sizeof drawn), std::memset(cells, 0, sizeof cells), own.clear();
    alignas(64) float shared[wide(HIDDEN)], hidden[wide(HIDDEN)], other[wide(HIDDEN)], radial[wide(NODES * OUTPUTS)];
    std::copy(net.turn.bias, net.turn.bias + net.turn.W, shared);
    net.turn.add(cell_state, 0, CELL_STATE, shared);
    float left = hits, energy_left = energy;
    int later = CELLS;
    std::vector<int> last;
    std::vector<float> widths;
    for (int t = 0; t < TURN_COUNT; t++) {
        later -= net.cells_of_turn[t];
        float told[LEFT + TURN_COUNT] = {std::sqrt(left) / HITS_ROOT, log_energy(energy_left),
                                         log_energy(energy_left / std::max(left, 1.0f))};
        for (int k = 3; k < LEFT; k++) told[k] = left == few_hits[k - 3];
        told[LEFT + t] = 1;
        std::copy(shared, shared + wide(HIDDEN), hidden);
        net.turn.add(told, CELL_STATE, LEFT + TURN_COUNT, hidden);
        silu(hidden, wide(HIDDEN)), net.turn_hidden.apply(hidden, other), silu(other, wide(HIDDEN));
        net.radial.apply(other, radial);
        for (int n = 0; n < NODES; n++) {
            radial[n * OUTPUTS] += net.profile[z][n][0];
            for (int k = 0; k < COMPONENTS; k++) radial[n * OUTPUTS + 1 + COMPONENTS + k] += net.profile[z][n][1];
        }
        say(t, other);
        const int first = z * PER_LAYER;
        for (int s = 0; s < SLOTS; s++) {
            int n = node[t][s];
            logit[s] += radial[n * OUTPUTS] * (1 - part[t][s]) + radial[(n + 1) * OUTPUTS] * part[t][s];
            if (net.cell[t][s] < 0) logit[s] = -1e9f;
        }
        int count = std::min(int(left), net.cells_of_turn[t]);
        int number = first + OF_TURNS + t;
        if (t < TURN_COUNT - 1)
            count = draw_count(t, other, left, later, number);
        last.clear(), widths.clear();
        int32_t from = count > 0 ? draw_hits(t, first, count, left) : INT32_MAX;
        float sum = 0, expected = 0;
        for (int s = 0; s < SLOTS; s++) {
            if (count <= 0 || order(at(score + s / LANES * LANES))[s % LANES] < from) continue;
            last.push_back(net.cell[t][s]);
            cells[last.back()] = draw_energy(t, s, z, radial, expected, widths.emplace_back());
        }
        if (t < TURN_COUNT - 1 && count >= SUMS_FROM)
            to_sum(last, widths, left > count ? draw_sum(other, expected, count, energy_left, number + 2 * (TURN_COUNT - 1))
                                              : energy_left);
        for (int cell : last) {
            own.push_back({cell, std::log1p(100 * cells[cell]) / 5});
            if (t == TURN_COUNT - 1) continue;
            net.drawn.scatter(0, 1, cell, drawn), net.drawn.scatter(1, own.back().feature, cell, drawn);
        }
        for (const Hit &hit : own) sum += cells[hit.cell];
        left -= count, energy_left = std::max(energy - sum, 0.0f);
    }
    float sum = keep_energy(last, energy);
    remember(hits, energy, sum);
    for (Hit &hit : own) hit.feature = std::log1p(100 * cells[hit.cell]) / 5;
    hits_of[z % PAST] = own;
    for (const Hit &hit : own) {
        float &total = in_column[hit.cell], old = std::log1p(10 * total) / 5;
        total += cells[hit.cell];
        net.first.scatter(PAST, std::log1p(10 * total) / 5 - old, hit.cell, column);
    }
}

// What the convolutions say of a turn's cells: `inner`, and of that `logit`.
void Shower::say(int t, const float *hidden) {
    alignas(64) float steered[wide(2 * CHANNELS)], scale[C] = {}, shift[C] = {};
    net.steer_turn.apply(hidden, steered);
    for (int c = 0; c < CHANNELS; c++) scale[c] = 1 + steered[c], shift[c] = steered[CHANNELS + c];
    multiply(features[t][0], TILES_X * PITCH, net.inner.weight[0], inner[0]);
    alignas(64) float of_outputs[C] = {};
    std::copy(net.of_outputs, net.of_outputs + CHANNELS, of_outputs);
    for (int s = 0; s < SLOTS; s++) {
        int cell = net.cell[t][s];
        if (cell < 0) continue;
        const float *around = drawn + net.drawn.inside(cell);
        Floats total = {};
        for (int v = 0; v < C; v += LANES) {
            Floats sum = at(inner[s] + v) + at(net.inner.bias + v);
            if (t) sum += at(around + v) + at(net.done[t][s] + v);
            at(inner[s] + v) = sum = leaky(sum * at(scale + v) + at(shift + v));
            total += sum * at(of_outputs + v);
        }
        logit[s] = sum_of(total) + net.outputs.bias[0];
    }
}

// A number from the mixture that a hidden layer and what is told beside it say.
template <class Hidden, class Said>
static float draw_from(const Hidden &first, const Said &second, const float *hidden, const float *told, int numbers,
                       const Noise &noise, int number) {
    alignas(64) float inner[Hidden::W], said[wide(3 * MIXTURE)];
    std::copy(first.bias, first.bias + first.W, inner);
    first.add(hidden, 0, HIDDEN, inner), first.add(told, HIDDEN, numbers, inner);
    silu(inner, first.W), second.apply(inner, said);
    return draw_mixture(said, MIXTURE, noise.uniform(number), noise.uniform(number + TURN_COUNT - 1));
}

// How many of the hits that are left belong to this turn.
int Shower::draw_count(int t, const float *hidden, float left, int later, int number) const {
    Floats means = {}, variances = {};
    for (int s = 0; s < SLOTS; s += LANES) {
        Floats chance = 1.0f / (1.0f + exp_of(-at(logit + s)));
        means += chance, variances += chance * (1.0f - chance);
    }
    float own = float(net.cells_of_turn[t]), mean = sum_of(means);
    float spread = std::sqrt(sum_of(variances) * (float(later) / (own + float(later))) + LEAST_VARIANCE);
    const float told[COUNTED] = {std::sqrt(mean) / HITS_ROOT, spread / HITS_ROOT, mean / std::max(left, 1.0f)};
    float drawn = draw_from(net.count_hidden, net.count, hidden, told, COUNTED, noise, number);
    float count = std::nearbyint(mean + spread * drawn);
    return int(std::min(std::max(count, std::max(left - float(later), 0.0f)), std::min(left, own)));
}

static float sum_over(const float *values) {
    Floats sum = {};
    for (int s = 0; s < SLOTS; s += LANES) sum += at(values + s);
    return sum_of(sum);
}

// As `level` in hits.py: what is taken from the odds.
float Shower::level(const float *odds, int cells, int count) const {
    alignas(64) float chances[SLOTS], variances[SLOTS];
    auto expect = [&](float by) {
        for (int s = 0; s < SLOTS; s += LANES) {
            Floats chance = 1.0f / (1.0f + exp_of(by - at(odds + s)));
            at(chances + s) = chance, at(variances + s) = chance * (1.0f - chance);
        }
        return sum_over(chances);
    };
    float mean = std::clamp(expect(0), EDGE, float(cells) - EDGE), wanted = float(count) + 0.5f;
    float first = std::log(mean / (float(cells) - mean) * ((float(cells) + 1 - wanted) / wanted));
    float step = (expect(first) - float(count)) / std::max(sum_over(variances), LEAST_SPREAD);
    return first + std::clamp(step, -LARGEST_STEP, LARGEST_STEP);
}

// As hits.py: the first draw with the right number of hits, or that which comes nearest, into `score`;
// from which score on, in the order of `order`, cells are hit.
int32_t Shower::draw_hits(int t, int first_number, int count, float left) {
    alignas(64) float odds[SLOTS], uniform[SLOTS], other[SLOTS];
    left = std::max(left, 1.0f);
    for (int s = 0; s < SLOTS; s += LANES) {
        Floats l = at(logit + s), others = 1.0f - 1.0f / (1.0f + exp_of(-l)) / left;
        others = others < SMALLEST ? Floats{} + SMALLEST : others;
        at(odds + s) = l + (l > SURE ? Floats{} + FIRST : Floats{}) + log_of(others);
        at(uniform + s) = noise.uniforms(*(const Words *)(net.cell[t] + s) + uint32_t(first_number));
    }
    const float limit = level(odds, net.cells_of_turn[t], count);
    int nearest = INT32_MAX;
    for (int draw = 0; draw < DRAWS && nearest; draw++) {
        Ints found = {};
        for (int s = 0; s < SLOTS; s += LANES) {
            Floats moved;
            for (int i = 0; i < LANES; i++) moved[i] = uniform[net.taken[t][draw][s + i]];
            moved += steps[draw];
            moved = moved >= 1.0f ? moved - 1.0f : moved, moved = moved < SMALLEST ? Floats{} + SMALLEST : moved;
            at(other + s) = at(odds + s) + (log_of(moved) - log_of(1.0f - moved));
            found -= at(other + s) > limit;
        }
        int total = 0;
        for (int i = 0; i < LANES; i++) total += found[i];
        if (std::abs(total - count) < nearest) nearest = std::abs(total - count), std::copy(other, other + SLOTS, score);
    }
    return strongest(score, count);
}

static float energy_at(const Network &net, float deviate) {
    float place = (std::clamp(deviate, -FARTHEST, FARTHEST) / net.scales[3] + 1) * ((POINTS - 1) / 2.0f);
    int below = std::clamp(int(std::floor(place)), 0, POINTS - 2);
    float start = net.spectrum[below];
    return std::exp(start + (place - float(below)) * (net.spectrum[below + 1] - start));
}

static void mixture_mean(const float *said, int count, float &mean, float &width) {
    float top = *std::max_element(said, said + count), total = 0;
    mean = width = 0;
    for (int i = 0; i < count; i++) {
        float chance = std::exp(said[i] - top);
        total += chance, mean += chance * said[count + i];
        width += chance * std::exp(std::clamp(said[2 * count + i], NARROWEST, WIDEST));
    }
    mean /= total, width /= total;
}

float Shower::draw_energy(int t, int s, int z, const float *radial, float &expected, float &width) {
    alignas(64) float said[wide(OUTPUTS)];
    net.outputs.apply(inner[s], said);
    const float *low = radial + node[t][s] * OUTPUTS, f = part[t][s];
    for (int k = 0; k < OUTPUTS; k++) said[k] += low[k] * (1 - f) + low[OUTPUTS + k] * f;
    int number = z * PER_LAYER + CELLS + net.cell[t][s];
    float mean;
    mixture_mean(said + 1, COMPONENTS, mean, width);
    expected += energy_at(net, mean);
    return energy_at(net, draw_mixture(said + 1, COMPONENTS, noise.uniform(number), noise.uniform(number + CELLS)));
}

// The energy of a turn's hits.
float Shower::draw_sum(const float *hidden, float expected, int hits, float left, int number) const {
    const float told[SUMMED] = {log_energy(expected), log_energy(expected) - log_energy(left), std::sqrt(float(hits)) / HITS_ROOT};
    float drawn = draw_from(net.sum_hidden, net.sum, hidden, told, SUMMED, noise, number);
    return std::clamp((expected + SMALLEST_ENERGY) * std::exp(drawn) - SMALLEST_ENERGY, 0.0f, MOST * left);
}

// As `to_sum` in turns.py.
void Shower::to_sum(const std::vector<int> &part, const std::vector<float> &width, float energy) {
    float total = 0, weights = 0, largest = 0;
    for (size_t i = 0; i < part.size(); i++) {
        float cell = cells[part[i]], rate = cell * width[i];
        total += cell, weights += cell * rate, largest = std::max(largest, rate);
    }
    energy = std::max(energy, KEPT * total);
    float share = (energy - total) / weights;
    bool fits = weights > 0 && share * largest >= KEPT - 1;
    for (size_t i = 0; i < part.size(); i++)
        cells[part[i]] *= fits ? 1 + share * cells[part[i]] * width[i] : energy / total;
}

// As `keep_energy` in turns.py; the sum of the layer's cells.
float Shower::keep_energy(const std::vector<int> &last, float energy) {
    std::vector<int> all;
    for (const Hit &hit : own) all.push_back(hit.cell);
    auto sum = [&] {
        float total = 0;
        for (int cell : all) total += cells[cell];
        return total;
    };
    float total = sum(), difference = energy - total;
    for (const std::vector<int> *part : {&last, (const std::vector<int> *)&all}) {
        float squares = 0;
        for (int cell : *part) squares += cells[cell] * cells[cell];
        if (!(squares > 0)) continue;
        float share = difference / squares;
        auto changed = [&](int cell) { return cells[cell] + share * cells[cell] * cells[cell]; };
        if (!std::all_of(part->begin(), part->end(), [&](int cell) { return changed(cell) >= KEPT * cells[cell]; })) continue;
        for (int cell : *part) cells[cell] = changed(cell);
        return sum();
    }
    for (int cell : all) cells[cell] *= total > 0 ? energy / total : 0;
    return sum();
}

void Shower::remember(float hits, float energy, float sum) {
    std::memmove(past[1], past[0], sizeof past - sizeof past[0]);
    totals(hits, sum, net.typical_hits, past[0]);
    float *in_ring = past[0] + TOTALS;
    std::fill(in_ring, in_ring + RING_COUNT, 0.0f);
    for (const Hit &hit : own) in_ring[ring[hit.cell]] += cells[hit.cell];
    for (int r = 0; r < RING_COUNT; r++) in_ring[r] = std::log((sum > 0 ? in_ring[r] / sum : 0) + SMALLEST_SHARE) / 2;
    energy_before += energy, hits_before += hits;
}

// ---- For ctypes.

// Weights in the order of sizes.py, what was measured, and the units; null if there are more or fewer.
extern "C" void *heitler_open(const float *weights, int64_t count) {
    auto *network = new (std::nothrow) Network();
    if (network && network->read(weights) - weights == count) return network->prepare(), network;
    return delete network, nullptr;
}
extern "C" void heitler_close(void *network) { delete static_cast<Network *>(network); }

// Latent vectors (showers, dimensions) -> cells (showers, X, Y, Z), which are 0 before; 0 if done.
extern "C" int heitler_draw(const void *network, const float *latent, int64_t showers, int64_t dimensions, float *cells) {
    for (int64_t i = 0; i < showers; i++) {
        std::unique_ptr<Shower> shower(new (std::nothrow) Shower(*static_cast<const Network *>(network), latent + i * dimensions, int(dimensions)));
        if (!shower) return 1;
        for (int z = 0; z < Z; z++) shower->draw_layer(z, cells + i * CELLS * Z);
    }
    return 0;
}
