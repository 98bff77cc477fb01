// The walk over a layer's neurons that hands each its own arrivals.
import Mathematics
import Neurons

extension LayerPlan {
    /// Calls `body` for each neuron with its arrivals, those of recurrent connections among them, and their propagators in place; those
    /// that all neurons share are made once.
    func forEachNeuron(
        _ rows: EventRows, _ arrivals: Arrivals, _ propagators: Block<Propagators>,
        _ body: (Int) throws(SpinnpropError) -> Void
    ) throws(SpinnpropError) {
        for neuron in 0..<neuronCount {
            if neuron == 0 || !sharesArrivals { try arrivals.collect(incoming, rows: rows, neuron: neuron) }
            if neuron == 0 || !sharesArrivals || flows.count > 1 {
                try self.propagators(flow(neuron), arrivals, into: propagators)
            }
            try body(neuron)
        }
    }

    /// Propagators of the interval after each arrival, the last one endless.
    private func propagators(_ flow: Flow, _ arrivals: Arrivals, into block: Block<Propagators>) throws(SpinnpropError)
    {
        try block.reserve(arrivals.count)
        for event in 0..<arrivals.count {
            let isLast = event + 1 == arrivals.count
            block.pointer[event] = flow.propagators(
                isLast ? .infinity : arrivals.times[event + 1] - arrivals.times[event])
        }
    }
}
