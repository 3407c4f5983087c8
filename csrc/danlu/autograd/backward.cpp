#include "danlu/autograd/backward.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// y = x with an edge of its own.
struct Watch final : Op {
  std::string_view name() const override { return "watch"; }
  Specs infer(Inputs in) const override {
    return {Spec::view(in[0].shape(), in[0].dtype(), in[0].strides())};
  }
  Reads reads() const override { return kReadsNothing; }
  Tensors vjp(const Saved&, const Tensors& dout, Needs) const override { return {dout[0]}; }
};

void accumulate(Tensor& sum, const Tensor& term) { sum = sum ? add(sum, term) : term; }

// Other threads may add to the same leaf.
void accumulate(Node& leaf, const Tensor& term) {
  for (bool done = false; !done;) {
    const Tensor before = leaf.grad();
    Tensor sum = before;
    accumulate(sum, term);
    done = leaf.replace_grad(before, std::move(sum));
  }
}

// The nodes between `roots` and `targets`; with no targets, all nodes down to the leaves.
class Walk {
 public:
  Walk(std::span<const Edge> targets, bool create_graph, bool retain_graph)
      : targets_(targets), create_graph_(create_graph), retain_graph_(retain_graph) {
    for (const Edge& target : targets) target_nodes_.insert(target.node());
  }

  void add_root(const Edge& root, const Tensor& seed) {
    if (!root) return;
    if (!targets_.empty()) find_path(root.node());
    receive(root, seed);
  }

  void run() {
    while (!queue_.empty()) {
      Ref<Node> node(queue_.top());
      queue_.pop();
      auto at = pending_.find(node.get());
      Tensors dout = std::move(at->second);
      pending_.erase(at);
      visit(*node, dout);
    }
  }

  Tensors results() const {
    Tensors results;
    for (const Edge& target : targets_) {
      auto at = found_.find(target.node());
      const bool has = at != found_.end() && target.slot() < at->second.size();
      results.push_back(has ? at->second[target.slot()] : Tensor());
    }
    return results;
  }

 private:
  struct Later {
    bool operator()(const Node* a, const Node* b) const { return a->sequence < b->sequence; }
  };

  bool wanted(const Edge& edge) const {
    if (!edge) return false;
    if (targets_.empty()) return true;
    auto at = on_path_.find(edge.node());
    return at != on_path_.end() && at->second;
  }

  // Marks every node below `root` that leads to a target. Iterative: graphs are deep.
  void find_path(Node* root) {
    struct Frame {
      Node* node;
      int next;
    };
    std::vector<Frame> stack;
    auto enter = [&](Node* node) {
      if (on_path_.try_emplace(node, target_nodes_.count(node) > 0).second)
        stack.push_back({node, 0});
    };
    enter(root);
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next > 0) {
        const Edge& done = frame.node->inputs[frame.next - 1];
        if (done && on_path_[done.node()]) on_path_[frame.node] = true;
      }
      if (frame.next == frame.node->inputs.size()) {
        stack.pop_back();
        continue;
      }
      const Edge& input = frame.node->inputs[frame.next++];
      if (input) enter(input.node());
    }
  }

  void receive(const Edge& edge, const Tensor& gradient) {
    if (!wanted(edge)) return;
    auto [at, fresh] = pending_.try_emplace(edge.node());
    if (fresh) {
      queue_.push(edge.node());
      alive_.push_back(edge);
    }
    if (at->second.size() <= edge.slot()) at->second.resize(edge.slot() + 1);
    accumulate(at->second[edge.slot()], gradient);
  }

  void visit(Node& node, Tensors& dout) {
    if (target_nodes_.count(&node)) {
      Tensors& sums = found_[&node];
      if (sums.size() < dout.size()) sums.resize(dout.size());
      for (int i = 0; i < dout.size(); ++i) {
        if (dout[i]) accumulate(sums[i], dout[i]);
      }
    }
    if (!node.op) {  // a leaf
      if (targets_.empty() && dout[0]) accumulate(node, dout[0]);
      return;
    }
    const int n = node.inputs.size();
    const auto needs = std::make_unique<bool[]>(static_cast<size_t>(n));
    bool any = false;
    for (int i = 0; i < n; ++i) any |= needs[static_cast<size_t>(i)] = wanted(node.inputs[i]);
    if (!any) return;
    Saved saved = node.take_saved(/*keep=*/retain_graph_);
    dout.resize(std::max(dout.size(), saved.outputs.size()));
    Tensors dins = pull(node, saved, dout, Needs({needs.get(), static_cast<size_t>(n)}));
    saved = {};
    dout.clear();
    for (int i = 0; i < dins.size(); ++i) {
      if (needs[static_cast<size_t>(i)] && dins[i]) receive(node.inputs[i], dins[i]);
    }
  }

  Tensors pull(const Node& node, Saved& saved, const Tensors& dout, Needs needs) const {
    if (!create_graph_) return node.op->vjp(saved, dout, needs);
    // To be differentiable again, the values need their edges back.
    for (int i = 0; i < saved.inputs.size(); ++i) {
      if (saved.inputs[i]) saved.inputs[i] = saved.inputs[i].with_edge(node.inputs[i]);
    }
    if (node.op->composite()) return pull_composite(*node.op, saved.inputs, dout, needs);
    for (int i = 0; i < saved.outputs.size(); ++i) {
      if (saved.outputs[i] && is_floating(saved.outputs[i].dtype())) {
        saved.outputs[i] = saved.outputs[i].with_edge(Edge(&node, i));
      }
    }
    return node.op->vjp(saved, dout, needs);
  }

  // The rule of a fused op is not differentiable: take that of its composition.
  static Tensors pull_composite(const Op& op, const Tensors& inputs, const Tensors& dout,
                                Needs needs) {
    Tensors watched;
    SmallVector<Edge, 4> targets;
    for (int i = 0; i < inputs.size(); ++i) {
      watched.push_back(needs[i] ? watch(inputs[i]) : inputs[i].detach());
      if (needs[i]) targets.push_back(watched.back().edge());
    }
    const Tensors composed = op.compose(watched);
    Tensors outputs, seeds;
    for (int i = 0; i < composed.size(); ++i) {
      if (i < dout.size() && dout[i]) {
        outputs.push_back(composed[i]);
        seeds.push_back(dout[i]);
      }
    }
    const Tensors found = gradients(outputs, seeds, targets, /*create_graph=*/true);
    Tensors dins;
    for (int i = 0, next = 0; i < inputs.size(); ++i)
      dins.push_back(needs[i] ? found[next++] : Tensor());
    return dins;
  }

  std::span<const Edge> targets_;
  const bool create_graph_;
  const bool retain_graph_;
  std::unordered_set<const Node*> target_nodes_;
  std::unordered_map<const Node*, bool> on_path_;
  std::unordered_map<Node*, Tensors> pending_;  // gradients that have arrived so far
  std::unordered_map<Node*, Tensors> found_;    // of the targets
  std::vector<Edge> alive_;                     // what is queued must not be freed by a rule
  std::priority_queue<Node*, std::vector<Node*>, Later> queue_;
};

class GradMode {
 public:
  explicit GradMode(bool enabled) : before_(set_grad_enabled(enabled)) {}
  ~GradMode() { set_grad_enabled(before_); }
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};

}  // namespace

Tensor watch(const Tensor& x) {
  if (!x.requires_grad()) return x.with_edge(Edge(Node::make().get(), 0));
  static const OpRef op = make_op<Watch>();
  GradMode mode(true);
  return call_one(op, {x});
}

void backward(const Tensor& loss, Tensor seed, bool retain_graph) {
  check(loss.requires_grad(),
        "[backward] the tensor depends on no trainable Variable and on no tensor with "
        "requires_grad = True (or was computed under no_grad)");
  if (!seed) {
    check(
        loss.numel() == 1,
        "[backward] starts from one number, this tensor has shape {}: take its mean() or sum(), or "
        "pass the gradient of the result with respect to it",
        loss.shape());
    seed = Tensor::scalar(1.0, loss.dtype(), loss.device());
    seed = seed.alias(loss.shape(), contiguous_strides(loss.shape()), 0);
  }
  check(seed.shape() == loss.shape(), "[backward] the gradient has shape {}, the tensor {}",
        seed.shape(), loss.shape());
  GradMode mode(false);
  seed = astype(seed, loss.dtype());
  Walk walk({}, /*create_graph=*/false, retain_graph);
  walk.add_root(loss.edge(), seed);
  walk.run();
}

Tensors gradients(Inputs outputs, Inputs seeds, std::span<const Edge> targets, bool create_graph,
                  bool retain_graph) {
  if (targets.empty()) return {};
  GradMode mode(create_graph);
  Walk walk(targets, create_graph, retain_graph || create_graph);
  for (size_t i = 0; i < outputs.size(); ++i) walk.add_root(outputs[i].edge(), seeds[i]);
  walk.run();
  return walk.results();
}

}  // namespace danlu
