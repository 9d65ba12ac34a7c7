export interface Places {
  /** the checkout, or the package where npm has installed it */
  root: string;
  /** its node_modules, or those that it lies in */
  modules: string;
  /** whether it is such a package: built, and without its sources */
  isInstalled: boolean;
  dist: string;
  addonPackage: string;
  /** links to TensorFlow's library: `lib` and `include` */
  deps: string;
  addon: string;
  cache: string;
}
export declare function places(given?: { root?: string; env?: NodeJS.ProcessEnv }): Places;
export declare function packageFolder(root: string, name: string): string | undefined;
export declare function cacheFolder(env: NodeJS.ProcessEnv): string;
