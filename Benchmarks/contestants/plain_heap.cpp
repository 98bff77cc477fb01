// The peer "plain heap": the same network as bench_sparse.py's, written as plainly as one would: phases, one exponential
// and one logarithm per delivered spike, and a binary heap that knows where each neuron stands.
//
//     c++ -O3 -march=native plain_heap.cpp -o plain_heap && ./plain_heap neurons targets spikes
//
// Prints the processor's nanoseconds per delivered spike of the second half, and the rate in Hz.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

struct Heap {
    std::vector<double> key;           // of each neuron: phase minus the network's; the largest is next
    std::vector<std::int32_t> neuron;  // by place
    std::vector<std::int32_t> place;   // by neuron

    explicit Heap(std::vector<double> keys) : key(std::move(keys)), neuron(key.size()), place(key.size()) {
        for (std::size_t i = 0; i < key.size(); i++) neuron[i] = place[i] = static_cast<std::int32_t>(i);
        for (std::size_t i = key.size() / 2; i-- > 0;) sink(i);
    }
    void put(std::size_t at, std::int32_t who) {
        neuron[at] = who;
        place[static_cast<std::size_t>(who)] = static_cast<std::int32_t>(at);
    }
    void sink(std::size_t at) {
        const std::int32_t who = neuron[at];
        const double own = key[static_cast<std::size_t>(who)];
        for (std::size_t child; (child = 2 * at + 1) < neuron.size(); at = child) {
            if (child + 1 < neuron.size() && key[static_cast<std::size_t>(neuron[child + 1])] > key[static_cast<std::size_t>(neuron[child])])
                child++;
            if (key[static_cast<std::size_t>(neuron[child])] <= own) break;
            put(at, neuron[child]);
        }
        put(at, who);
    }
    // Keys only fall here: every weight inhibits, and a reset is the largest step back.
    void lower(std::int32_t who, double to) {
        key[static_cast<std::size_t>(who)] = to;
        sink(static_cast<std::size_t>(place[static_cast<std::size_t>(who)]));
    }
};

static double seconds() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int main(int argc, char **argv) {
    if (argc != 4) return EXIT_FAILURE;
    const auto n = static_cast<std::size_t>(std::atoll(argv[1]));
    const auto k = static_cast<std::size_t>(std::atoll(argv[2]));
    const long long spikes = std::atoll(argv[3]);
    if (n < 2 || k < 1 || k >= n || spikes < 2) return EXIT_FAILURE;
    const double tau = 10e-3, root = std::sqrt(static_cast<double>(k));
    const double drive = tau * root, weight = -1 / root;  // 1 Hz, coupling 1
    const double omega = 1 / std::log(1 + 1 / drive), c = -weight / (1 + drive);
    std::mt19937_64 random(0);
    std::vector<std::int32_t> targets(n * k);
    for (std::size_t j = 0; j < n; j++) {
        std::int32_t *row = &targets[j * k];
        for (std::size_t s = 0; s < k;) {
            const auto drawn = static_cast<std::int32_t>(random() % n);
            if (static_cast<std::size_t>(drawn) != j && std::find(row, row + s, drawn) == row + s) row[s++] = drawn;
        }
    }
    std::vector<double> phases(n);
    for (double &phase : phases) phase = std::uniform_real_distribution<double>()(random);
    Heap heap(std::move(phases));
    double offset = 0, begin = 0, first = 0;
    for (long long spike = 0; spike < spikes; spike++) {
        if (spike == spikes / 2) {
            begin = seconds();
            first = offset;
        }
        const std::int32_t j = heap.neuron[0];
        offset = 1 - heap.key[static_cast<std::size_t>(j)];
        heap.lower(j, -offset);
        const std::int32_t *row = &targets[static_cast<std::size_t>(j) * k];
        for (std::size_t s = 0; s < k; s++) {
            const double phase = heap.key[static_cast<std::size_t>(row[s])] + offset;
            heap.lower(row[s], -omega * std::log(std::exp(-phase / omega) + c) - offset);
        }
    }
    const double timed = static_cast<double>(spikes - spikes / 2);
    std::printf("%.3f %.4f\n", 1e9 * (seconds() - begin) / (timed * static_cast<double>(k)),
                timed / static_cast<double>(n) / ((offset - first) / omega * tau));
}
