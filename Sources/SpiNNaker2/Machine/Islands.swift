// Which processing elements must be emulated together: those that exchange packets, directly or by way of others.
import Mathematics

extension Machine {
    /// Follows all announced keys through the routing tables, once after every change of programs or tables.
    func prepare() throws(SpinnpropError) {
        if paths.isEmpty {
            let chips = 0..<board.chipCount
            paths = chips.flatMap { source in chips.map { board.links(from: source, to: $0) } }
        }
        guard routes.isEmpty else { return }
        do throws(SpinnpropError) {
            try compileRoutes()
        } catch {
            dropRoutes()
            throw error
        }
        activePrograms = phaseNames.indices.map { phase in
            (0..<board.peCount).map { pe in
                guard let program = programs[pe], program.isActive(phase: phase) else { return nil }
                return ActiveProgram(
                    state: states + pe, type: type(of: program),
                    address: UnsafeRawPointer(Unmanaged.passUnretained(program as AnyObject).toOpaque()))
            }
        }
    }

    /// Compiles the routes of all PEs in all phases; after an error those compiled before it are left in `routes`.
    private func compileRoutes() throws(SpinnpropError) {
        let compiler = compiler
        for phase in phaseNames.indices {
            routes.append([])
            for pe in 0..<board.peCount {
                guard let program = programs[pe], program.isActive(phase: phase) else {
                    routes[phase].append(UnsafeMutableBufferPointer(start: nil, count: 0))
                    continue
                }
                try Memory.poll()
                var deliveries: [Delivery] = []
                for range in program.sends(phase: phase) {
                    deliveries += try compiler.deliveries(of: range, from: pe)
                }
                let buffer = UnsafeMutableBufferPointer<Route>.allocate(capacity: deliveries.count)
                for (index, delivery) in deliveries.enumerated() {
                    let receivers = UnsafeMutablePointer<Int32>.allocate(capacity: delivery.receivers.count)
                    receivers.initialize(from: delivery.receivers, count: delivery.receivers.count)
                    let links = UnsafeMutablePointer<Int32>.allocate(capacity: delivery.links.count)
                    for (index, link) in delivery.links.enumerated() {
                        links[index] = Int32(truncatingIfNeeded: link)
                    }
                    buffer.initializeElement(
                        at: index,
                        to: Route(
                            key: delivery.range.key, mask: delivery.range.mask, receivers: receivers,
                            receiverCount: delivery.receivers.count, hops: delivery.hops, links: links,
                            linkCount: delivery.links.count))
                }
                routes[phase].append(buffer)
            }
        }
    }

    /// PEs with a program active in one of the phases, grouped, groups in order of their first PE, PEs in order.
    func islands(of phases: [Int]) -> [[Int]] {
        if let known = islands[phases] { return known }
        var parent = Array(0..<board.peCount)
        func root(_ pe: Int) -> Int {
            var pe = pe
            while parent[pe] != pe {
                parent[pe] = parent[parent[pe]]
                pe = parent[pe]
            }
            return pe
        }
        var takesPart = [Bool](repeating: false, count: board.peCount)
        for phase in phases {
            for pe in 0..<board.peCount where programs[pe]?.isActive(phase: phase) ?? false {
                takesPart[pe] = true
                for route in routes[phase][pe] {
                    for index in 0..<route.receiverCount {
                        let (a, b) = (root(pe), root(Int(route.receivers[index])))
                        takesPart[Int(route.receivers[index])] = true
                        parent[max(a, b)] = min(a, b)
                    }
                }
            }
        }
        var groups: [[Int]] = []
        var group = [Int](repeating: -1, count: board.peCount)
        for pe in 0..<board.peCount where takesPart[pe] {
            let root = root(pe)
            if group[root] < 0 {
                group[root] = groups.count
                groups.append([])
            }
            groups[group[root]].append(pe)
        }
        islands[phases] = groups
        return groups
    }
}
