// How slow a network is: what time constants that are left open follow.
import Neurons

extension Network {
    /// tau_mem + tau_syn, the mean lag of a postsynaptic potential, over that of neurons with default time constants: 1 for
    /// those. The mean over neurons, then over layers.
    ///
    /// Losses, windows and limits that nobody gave in seconds are multiplied by it, so that a network all of whose times are
    /// multiplied by a factor trains as before. Exactly linear in powers of two, and exactly 1 at the defaults: the means are
    /// taken by corrections, which vanish where all are equal.
    public var timeStretch: Double {
        let lag = mean(layers.lazy.map { mean($0.parameters.tauMem) + mean($0.parameters.tauSyn) })
        return lag / (LIFParameters.defaultTauMem + LIFParameters.defaultTauSyn)
    }

    /// The mean of tau_syn over neurons, then over layers, seconds.
    var meanTauSyn: Double { mean(layers.lazy.map { mean($0.parameters.tauSyn) }) }
}

private func mean(_ values: some Sequence<Double>) -> Double {
    var (mean, count) = (0.0, 0.0)
    for value in values {
        count += 1
        mean += (value - mean) / count
    }
    return mean
}
