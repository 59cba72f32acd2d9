import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  // "tree" builds each component with createElement: the built page holds no innerHTML of ours.
  compilerOptions: {
    runes: true,
    fragments: "tree",
    // A canvas that cannot be worked with is a picture: axe asks for this role, Svelte's rule knows it for <img> alone.
    warningFilter: (warning) => warning.code !== "a11y_no_interactive_element_to_noninteractive_role",
  },
};
