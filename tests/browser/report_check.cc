// The report in a real browser: it renders without errors, answers to mouse and keyboard, is
// readable on small and dark screens and on paper, and speaks to screen readers. Not part of ctest,
// because it needs chromium and chromedriver.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "experiments/runner/text.h"
#include "tests/browser/web_driver.h"
#include "tests/support/run_files.h"

namespace vime::testing {
namespace {

using Value = nlohmann::json;

void Execute(const std::vector<std::string>& command, const TemporaryDirectory& directory) {
  const Process::Result result = Process(command, {.directory = directory.path()}).Wait();
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
}

// Three arms of five short runs, their report, the page of a single run, and a page of runs with
// hostile names.
struct Pages {
  Pages() {
    for (const char* eta : {"0", "0.1", "1"}) {
      for (int seed = 1; seed <= 5; ++seed) {
        Execute({VIME_RUN_PATH, "--eta", eta, "--seed", std::to_string(seed), "--iterations", "12",
                 "--batch-steps", "1000", "--bnn-updates", "50", "--quiet"},
                directory);
      }
    }
    Execute({VIME_COMPARE_PATH, "runs", "--out", "arms.html"}, directory);
    const auto first = std::filesystem::directory_iterator(directory / "runs")->path();
    Execute({VIME_COMPARE_PATH, first.string(), "--out", "one.html"}, directory);
    std::vector<std::string> hostile = {VIME_COMPARE_PATH, "--out", "hostile.html", "--label",
                                        "A:<img src=x onerror=alert(3)>"};
    int seed = 0;
    for (const std::string& name : HostileNames()) {
      const bool usable = name.find('/') == std::string::npos && name.size() < 200;
      hostile.push_back("hostile/" + (usable ? name : std::to_string(seed)));
      WriteRun(directory / hostile.back(),
               {.bonus = usable ? Printable(name) : "x</title>", .seed = ++seed});
      std::filesystem::copy(first / "metrics.jsonl", directory / hostile.back() + "/metrics.jsonl");
      std::filesystem::copy(first / "states.json", directory / hostile.back() + "/states.json");
    }
    Execute(hostile, directory);
  }

  std::string operator/(const std::string& name) const { return directory / name; }

  TemporaryDirectory directory;
};

const Pages& AllPages() {
  static const Pages pages;
  return pages;
}

WebDriver& Browser() {
  static WebDriver browser;
  return browser;
}

// Opens a page on a desktop screen in light colours.
WebDriver& Open(const std::string& page, int width = 1280, bool dark = false) {
  WebDriver& browser = Browser();
  browser.Resize(width, 900);
  browser.PreferDark(dark);
  browser.Open(AllPages() / page);
  return browser;
}

const std::vector<std::string> kPages = {"arms.html", "one.html", "hostile.html"};

TEST_CASE("Every page renders without a word on the console and without loading anything") {
  for (const std::string& page : kPages) {
    CAPTURE(page);
    WebDriver& browser = Open(page);
    CHECK(browser.Log() == Value::array());
    CHECK(browser.Run("return performance.getEntriesByType('resource').length") == 0);
    CHECK(browser.Run("return document.compatMode") == "CSS1Compat");
    CHECK(browser.Run("return document.querySelectorAll('figure svg').length").get<int>() >= 6);
    CHECK(browser.Run("return [...document.querySelectorAll('figure svg')]"
                      ".every(s => s.getBoundingClientRect().height > 60)") == true);
    CHECK(browser.Run("return document.querySelectorAll('img, iframe, object').length") == 0);
  }
}

TEST_CASE("Only the page's own script runs, even where another one gets into the page") {
  WebDriver& browser = Open("arms.html");
  browser.Run(
      "const s = document.createElement('script'); s.textContent = 'window.broken_in = true';"
      "document.body.append(s);"
      "document.body.insertAdjacentHTML('beforeend', '<img src=x "
      "onerror=\"window.broken_in=1\">')");
  CHECK(browser.Run("return window.broken_in ?? null").is_null());
}

TEST_CASE("No text leaves its figure, and no page is wider than its window") {
  for (const std::string& page : kPages) {
    for (const int width : {1280, 768, 400}) {
      CAPTURE(page);
      CAPTURE(width);
      WebDriver& browser = Open(page, width);
      CHECK(browser.Run("return document.documentElement.scrollWidth").get<int>() <= width);
      const Value outside = browser.Run(R"js(
          return [...document.querySelectorAll('figure svg')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(t => {
              const b = t.getBoundingClientRect();
              return b.left < box.left - 2 || b.right > box.right + 2 || b.top < box.top - 2 ||
                     b.bottom > box.bottom + 2;
            }).map(t => svg.closest('figure').id + ': ' + t.textContent);
          });)js");
      CHECK(outside == Value::array());
    }
  }
}

TEST_CASE("Text is readable at 400 pixels: nothing below 9") {
  for (const std::string& page : kPages) {
    WebDriver& browser = Open(page, 400);
    const Value smallest = browser.Run(R"js(
        let least = 100;
        for (const svg of document.querySelectorAll('figure svg')) {
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          for (const t of svg.querySelectorAll('text')) {
            least = Math.min(least, parseFloat(getComputedStyle(t).fontSize) * scale);
          }
        }
        for (const e of document.querySelectorAll('p, li, th, td, figcaption, button, label')) {
          least = Math.min(least, parseFloat(getComputedStyle(e).fontSize));
        }
        return least;)js");
    CAPTURE(page);
    CHECK(smallest.get<double>() >= 9);
  }
}

// The least contrast (WCAG 2) of the colours that a script lists, to the page behind them.
double LeastContrast(WebDriver& browser, const std::string& colours) {
  return browser
      .Run(R"js(
      const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
      const luminance = c => { const [r, g, b] = c.match(/[\d.]+/g).map(Number);
        return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
      const page = luminance(getComputedStyle(document.body).backgroundColor);
      const contrast = c => { const l = luminance(c);
        return (Math.max(l, page) + 0.05) / (Math.min(l, page) + 0.05); };
      return Math.min(...()js" +
           colours + R"js().map(contrast));)js")
      .get<double>();
}

TEST_CASE("Text and lines stand out from the page, in light and in dark") {
  for (const bool dark : {false, true}) {
    CAPTURE(dark);
    WebDriver& browser = Open("hostile.html", 1280, dark);  // eight arms
    const double background = browser.Run(
        "return Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])");
    CHECK((background < 60) == dark);
    CHECK(LeastContrast(browser,
                        "[...document.querySelectorAll('p, li, th, td, h2, figcaption')]"
                        ".map(e => getComputedStyle(e).color)") >= 4.5);
    CHECK(LeastContrast(browser,
                        "[...document.querySelectorAll('figure svg text')]"
                        ".map(e => getComputedStyle(e).fill)") >= 4.5);
    CHECK(LeastContrast(browser,
                        "[...document.querySelectorAll('#figure-return g.arm')]"
                        ".map(e => getComputedStyle(e).stroke)") >= 3);
  }
}

const std::string kTip = "return document.querySelector('#figure-return .tip').textContent";

TEST_CASE("The numbers under the mouse are those of the table") {
  WebDriver& browser = Open("arms.html");
  const Value place = browser.Run(R"js(
      const svg = document.querySelector('#figure-return svg');
      svg.scrollIntoView({block: 'center'});
      const box = svg.getBoundingClientRect(), x = svg.dataset.x.split(' ').map(Number);
      const scale = box.width / svg.viewBox.baseVal.width;
      return [box.left + (x[0] + x[1]) / 2 * scale, box.top + 80];)js");
  CHECK(browser.Run(kTip) == "");
  browser.PointAt(place[0], place[1]);
  const std::string tip = browser.Run(kTip);
  const Value row = browser.Run(R"js(
      const x = document.querySelector('#figure-return svg').dataset.x.split(' ').map(Number);
      const rows = [...document.querySelectorAll('#figure-return tbody tr')]
        .map(r => [...r.cells].map(c => Number(c.textContent)));
      const middle = (x[2] + x[3]) / 2;
      return rows.reduce((a, b) => Math.abs(b[0] - middle) < Math.abs(a[0] - middle) ? b : a);)js");
  CAPTURE(tip);
  const auto shown = [&](const Value& number) {
    return browser.Run("return String(Number(arguments[0].toPrecision(3)))", Value::array({number}))
        .get<std::string>();
  };
  CHECK(tip.find("A: eta=0: " + shown(row[1]) + " [" + shown(row[2]) + ", " + shown(row[3]) +
                 "]") != std::string::npos);
  CHECK(tip.find("C: eta=1: " + shown(row[7])) != std::string::npos);
  browser.PointAt(2, 2);
  CHECK(browser.Run(kTip) == "");
}

TEST_CASE("The keyboard moves the cursor of a figure") {
  WebDriver& browser = Open("arms.html");
  browser.Run("document.querySelector('#figure-return svg').focus()");
  const std::string right = "\uE014", left = "\uE012", home = "\uE011", escape = "\uE00C";
  browser.Press(right);
  const std::string first = browser.Run(kTip);
  CHECK(first.find("1,000 steps") != std::string::npos);
  browser.Press(right);
  CHECK(browser.Run(kTip) != first);
  browser.Press(left);
  CHECK(browser.Run(kTip) == first);
  browser.Press(right);
  browser.Press(home);
  CHECK(browser.Run(kTip) == first);
  browser.Press(escape);
  CHECK(browser.Run(kTip) == "");
}

TEST_CASE("Check boxes hide an arm everywhere, by keyboard too") {
  WebDriver& browser = Open("arms.html");
  const std::string visible =
      "return [...document.querySelectorAll('figure .arm-1')]"
      ".filter(g => getComputedStyle(g).display !== 'none').length";
  const int before = browser.Run(visible);
  CHECK(before >= 10);
  browser.Run("document.querySelector('.toggles [data-arm=\"1\"]').focus()");
  browser.Press(" ");
  CHECK(browser.Run(visible) == 0);
  CHECK(browser.Run("return getComputedStyle(document.querySelector('#figure-return .arm-0'))"
                    ".display") != "none");
  browser.Run("document.querySelector('#figure-return svg').focus()");
  browser.Press("\uE014");
  CHECK(browser.Run(kTip).get<std::string>().find("B: ") == std::string::npos);
  browser.Run("document.querySelector('.toggles [data-arm=\"1\"]').click()");
  CHECK(browser.Run(visible) == before);
}

TEST_CASE("The film of the task moves by itself") {
  WebDriver& browser = Open("arms.html");
  const std::string place =
      "return [...document.querySelectorAll('#figure-film .moving polyline')]"
      ".map(p => p.animatedPoints[0].x).join()";
  CHECK(browser.Run("return document.querySelectorAll('#figure-film .arm').length") == 3);
  browser.Run("document.querySelector('#figure-film svg').setCurrentTime(0)");
  const Value start = browser.Run(place);
  browser.Run("document.querySelector('#figure-film svg').setCurrentTime(2)");
  Value later = browser.Run(place);
  for (int i = 0; i < 100 && later == start; ++i) {  // the browser draws when it is ready
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    later = browser.Run(place);
  }
  CHECK(later != start);
}

TEST_CASE("The replay follows its slider and plays") {
  WebDriver& browser = Open("arms.html");
  const std::string points =
      "return document.querySelector('#figure-replay .path').getAttribute('points').split(' ')"
      ".length";
  const int all = browser.Run(points);
  CHECK(all > 20);
  browser.Run("document.querySelector('#figure-replay input').focus()");
  browser.Press("\uE011");  // Home
  CHECK(browser.Run(points) == 1);
  browser.Press("\uE014");
  CHECK(browser.Run(points) == 2);
  CHECK(browser.Run("return document.querySelector('#figure-replay output').textContent")
            .get<std::string>()
            .starts_with("2 of "));
  browser.Run("document.querySelector('#figure-replay .play').click()");
  int later = 2;
  for (int i = 0; i < 100 && later < 8; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    later = browser.Run(points);
  }
  CHECK(later >= 8);
  // On a busy machine it may have come to its end by now, and a click would play it again.
  browser.Run(
      "const play = document.querySelector('#figure-replay .play');"
      "if (play.textContent !== 'Play') play.click()");
  CHECK(browser.Run("return document.querySelector('#figure-replay .play').textContent") == "Play");
}

TEST_CASE("Every figure can be saved as SVG that stands alone and as CSV that agrees with it") {
  const TemporaryDirectory directory;
  Execute({VIME_COMPARE_PATH, AllPages() / "runs", "--figures", "f"}, directory);
  WebDriver& browser = Open("arms.html");
  browser.Run(R"js(
      window.saved = {};
      URL.createObjectURL = blob => { window.blob = blob; return 'data:,'; };
      HTMLAnchorElement.prototype.click = function() {
        const name = this.download;
        window.blob.text().then(text => { window.saved[name] = text; });
      };
      document.querySelectorAll('[data-save]').forEach(button => button.click());)js");
  const int buttons = browser.Run("return document.querySelectorAll('[data-save]').length");
  int saved = 0;
  for (int i = 0; i < 100 && saved < buttons; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    saved = browser.Run("return Object.keys(window.saved).length");
  }
  REQUIRE(saved == buttons);
  CHECK(buttons == 2 * 12);
  const Value files = browser.Run("return window.saved");
  for (const auto& item : files.items()) {
    const std::string& name = item.key();
    const Value& text = item.value();
    CAPTURE(name);
    if (name.ends_with(".csv")) {
      CHECK(text.get<std::string>() == Slurp(directory / "f/" + name));
      continue;
    }
    CHECK(browser.Run("const d = new DOMParser().parseFromString(arguments[0], 'image/svg+xml');"
                      "return d.querySelector('parsererror') === null && "
                      "d.documentElement.namespaceURI === 'http://www.w3.org/2000/svg' && "
                      "d.querySelectorAll('.overlay, [tabindex]').length === 0",
                      Value::array({text})) == true);
  }
}

TEST_CASE("Screen readers find names, headings in order and tables with headers") {
  for (const std::string& page : kPages) {
    CAPTURE(page);
    WebDriver& browser = Open(page);
    browser.Run("document.querySelectorAll('details').forEach(d => d.open = true)");
    const Value tree = browser.Devtools("Accessibility.getFullAXTree", Value::object());
    std::multiset<std::string> roles;
    for (const Value& node : tree.at("nodes")) {
      if (node.at("ignored") == true) continue;
      const std::string role = node.at("role").at("value").is_string()
                                   ? node.at("role").at("value").get<std::string>()
                                   : "";
      roles.insert(role);
      for (const char* named :
           {"image", "img", "button", "checkbox", "slider", "region", "table"}) {
        if (role != named) continue;
        const std::string name = node.at("name").value("value", "");
        CAPTURE(role);
        CHECK(!name.empty());
      }
    }
    CHECK(roles.count("button") + roles.count("checkbox") > 5);
    CHECK(roles.count("table") > 5);
    CHECK(roles.count("main") == 1);
    CHECK(browser.Run(R"js(
        const levels = [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]));
        return levels[0] === 1 && levels.filter(l => l === 1).length === 1 &&
               levels.every((l, i) => i === 0 || l - levels[i - 1] <= 1);)js") == true);
    CHECK(browser.Run("return [...document.querySelectorAll('table')].every(t => t.caption && "
                      "t.querySelector('thead th[scope=col]') && "
                      "t.querySelector('tbody th[scope=row]'))") == true);
    CHECK(browser.Run("return document.documentElement.lang") == "en");
    CHECK(browser.Run("const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                      "return new Set(ids).size === ids.length") == true);
  }
}

TEST_CASE("The Tab key reaches every control in the order of the page") {
  WebDriver& browser = Open("one.html");
  std::set<std::string> reached;
  const std::string focused =
      "const e = document.activeElement; return e === document.body ? '' : "
      "e.tagName + ' ' + (e.closest('figure') ? e.closest('figure').id : '') + ' ' + "
      "(e.dataset.save || e.getAttribute('class') || '')";
  for (int i = 0; i < 80; ++i) {
    browser.Press("\uE004");
    reached.insert(browser.Run(focused).get<std::string>());
  }
  for (const std::string control :
       {"svg figure-return ", "BUTTON figure-return svg", "BUTTON figure-return csv",
        "SUMMARY figure-return ", "BUTTON figure-replay play", "INPUT figure-replay "}) {
    CAPTURE(control);
    CHECK(reached.contains(control));
  }
}

TEST_CASE("It prints on A4 without controls") {
  WebDriver& browser = Open("arms.html");
  const std::string pdf = browser.Print();
  CHECK(pdf.starts_with("JVBERi0"));  // %PDF-
  CHECK(pdf.size() > 20000);
  browser.Devtools("Emulation.setEmulatedMedia", {{"media", "print"}});
  CHECK(browser.Run("return [...document.querySelectorAll('button, .toggles, figure details')]"
                    ".every(e => e.getClientRects().length === 0)") == true);
  browser.Devtools("Emulation.setEmulatedMedia", {{"media", ""}});
}

}  // namespace
}  // namespace vime::testing
